// A form as the body of a request: multipart/form-data.

/**
 * Encodes a form as in HTML (RFC 7578, WHATWG HTML §4.10.21.7). A Blob of parts knows
 * its length, can be resent, and copies no file.
 */
export function encodeForm(form: FormData): Blob {
  const boundary = `----io-http-${crypto.randomUUID()}`;
  const parts: BlobPart[] = [];
  for (const [name, value] of form) {
    const start = `--${boundary}\r\nContent-Disposition: form-data; ` +
      `name="${escape(withCrlf(name))}"`;
    if (typeof value === "string") {
      parts.push(`${start}\r\n\r\n${withCrlf(value)}\r\n`);
    } else {
      const type = value.type || "application/octet-stream";
      // In Bun, a Blob stays one, and has no name.
      const name = value.name ?? "blob";
      const head = `${start}; filename="${escape(name)}"\r\n` +
        `Content-Type: ${type}\r\n\r\n`;
      parts.push(head, value, "\r\n");
    }
  }
  parts.push(`--${boundary}--\r\n`);
  return new Blob(parts, { type: `multipart/form-data; boundary=${boundary}` });
}

function withCrlf(text: string): string {
  return text.replace(/\r\n?|\n/g, "\r\n");
}

function escape(text: string): string {
  return text.replace(/[\r\n"]/g, encodeURIComponent);
}
