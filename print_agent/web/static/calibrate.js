// The dialog that calibrates a printer: prints its sheet, asks what is seen on it. Uses send() and say() of page.js.
'use strict';

function openCalibration(printer) {
  const dialog = $('calibrate'), form = $('calibrate-form');
  form.reset();
  $('calibrate-title').textContent = `Calibrate ${printer.name}`;
  $('calibrate-now').textContent = printer.calibration ? `Now: ${printer.calibration}.` : 'It has not been calibrated here.';
  $('calibrate-forget').hidden = !printer.calibration;
  const problem = (sentence) => {
    $('calibrate-problem').textContent = sentence;
    $('calibrate-problem').hidden = !sentence;
  };
  problem('');

  const act = async (button, path, body, done, close) => {
    problem('');
    const sentence = await send(button, path, body, done);
    if (sentence) problem(sentence);
    else if (close) dialog.close();
  };
  $('calibrate-sheet').onclick = () => act($('calibrate-sheet'), '/api/calibration_sheet', {printer: printer.name},
                                           `A calibration sheet goes to ${printer.name}.`);
  $('calibrate-forget').onclick = () => act($('calibrate-forget'), '/api/forget_calibration', {printer: printer.name},
                                            `${printer.name} prints as before.`, true);
  $('calibrate-close').onclick = () => dialog.close();
  form.oninput = () => problem('');
  form.onsubmit = (event) => {
    event.preventDefault();
    const data = new FormData(form), answers = {up: data.get('up')};
    for (const name of ['a', 'b', 'c', 'd', 'card']) {
      const text = data.get(name).trim().replace(',', '.');
      if (!text) continue;
      if (!isFinite(text)) {
        problem(`"${text}" is not a number.`);
        form.elements[name].focus();
        return;
      }
      answers[name] = Number(text);
    }
    act($('calibrate-save'), '/api/calibrate', {printer: printer.name, code: data.get('code').trim(), answers},
        `${printer.name} is calibrated.`, true);
  };
  dialog.showModal();
}
