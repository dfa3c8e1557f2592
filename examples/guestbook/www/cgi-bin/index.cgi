#!/bin/sh
# The guestbook: GET shows the page with its notes, POST adds a note. Notes are lines "date<TAB>name<TAB>text" in a file in
# the volume.
set -eu
notes=${GUESTBOOK_DATA:-/data}/notes.tsv
app=${GUESTBOOK_APP:-/app}

# field BODY NAME: one field of a form, on one line. The page allows 400 characters, of at most four bytes.
field() {
  encoded=$(printf '%s' "$1" | tr '&' '\n' | sed -n "s/^$2=//p" | head -n 1)
  httpd -d "$encoded" | tr '\t\r\n' '   ' | cut -b 1-1600
}

escape() {
  sed -e 's/&/\&amp;/g' -e 's/</\&lt;/g' -e 's/>/\&gt;/g' -e 's/"/\&quot;/g'
}

if [ "${REQUEST_METHOD:-GET}" = POST ]; then
  length=${CONTENT_LENGTH:-0}
  if [ "$length" -gt 10000 ]; then
    printf 'Status: 413 Content Too Large\r\n\r\n'
    exit
  fi
  body=$(head -c "$length")
  name=$(field "$body" name)
  text=$(field "$body" text)
  if [ -n "$text" ]; then
    printf '%s\t%s\t%s\n' "$(date '+%Y-%m-%d %H:%M')" "${name:-somebody}" "$text" >>"$notes"
  fi
  printf 'Status: 303 See Other\r\nLocation: /\r\n\r\n'
  exit
fi

printf 'Content-Type: text/html; charset=utf-8\r\n\r\n'
page=$app/page/page.html
sed -n '1,/<!-- style -->/p' "$page"
echo '<style>'
cat "$app/page/style.css"
echo '</style>'
sed '1,/<!-- style -->/d; /<!-- notes -->/,$d' "$page"
echo '<ul>'
if [ -s "$notes" ]; then
  escape <"$notes" | awk -F '\t' '
    { note[NR] = "<li><p>" $3 "</p><small>" $2 ", " $1 "</small></li>" }
    END { for (line = NR; line > 0; line--) print note[line] }'
fi
echo '</ul>'
sed -n '/<!-- notes -->/,$p' "$page"
