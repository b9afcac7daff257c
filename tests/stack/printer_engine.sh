#!/bin/sh
# The print engine of a virtual printer: ippeveprinter runs it with every document it has received as $1.
# The document goes to $PRINTER_FOLDER; the file `fault` there says what shall go wrong: lines such as
# `sleep 3`, `exit 1`, `media-empty` (until the file is gone). Both times are the kernel's: the spool file is made when
# the first byte of the document is there (its access time, nobody has read it yet), and written until the last one.
times=$(stat -c '%.6X %.6Y' "$1")
name=$PRINTER_FOLDER/$(date +%s%N)-$$
fault=$PRINTER_FOLDER/fault
word=; number=
[ -f "$fault" ] && read -r word number <"$fault"
[ "$word" = media-empty ] && {
  echo 'STATE: +media-empty' >&2
  while [ -f "$fault" ]; do sleep 0.1; done
  echo 'STATE: -media-empty' >&2
}
[ "$word" = sleep ] && sleep "$number"
# as a person at its panel would, or a firmware that cancels whatever it does not like
[ "$word" = cancel ] && {
  echo "$IPP_JOB_ID" >>"$PRINTER_FOLDER/canceled"
  ipptool -q -d "id=$IPP_JOB_ID" "$PRINTER_URI" "$PRINTER_CANCEL" >&2
  exit 0
}
[ "$word" = exit ] && exit "$number"
# what the job asks for, for those who want to know; not for everybody, as it takes time
[ -f "$PRINTER_FOLDER/keep-options" ] && env | grep '^IPP_' >"$name.options"
# the document counts as paper only now: what a fault stopped has not come out
ln "$1" "$name.pdf" 2>/dev/null || cp "$1" "$name.pdf"
printf '%s %s %s\n' "$times" "$(date +%s.%N)" "$IPP_JOB_NAME" >"$name.part" && mv "$name.part" "$name.txt"
