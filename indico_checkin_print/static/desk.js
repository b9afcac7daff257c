// The volunteers' pages: what a QR code opens does what it is for, without another touch.

document.addEventListener('DOMContentLoaded', () => {
  const form = document.querySelector('form[data-submit-now]');
  if (form) {
    // the browser replaces this page in its history, so that Back does not lead here again
    form.submit();
  }
  document.querySelectorAll('[data-print]').forEach(button => {
    button.addEventListener('click', () => window.print());
  });
});
