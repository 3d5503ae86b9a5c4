printf 'Content-Type: text/plain\r\n\r\n'; cat "$ROOT/lines"
