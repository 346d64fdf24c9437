// An HTTP/2 server by Node, which is by nghttp2, for test_interop.py: `node interop_server.mjs CERTIFICATE KEY`.
//
// It says its port in a line, and goes away in an orderly way on SIGTERM: what is under way is answered, nothing more
// is taken. The paths: /echo answers at once, /held at SIGTERM, /holding-40 with 404 until so
// many wait at /held, /long with 60,000 bytes, /goodbye with a GOAWAY, /refused
// with RST_STREAM(REFUSED_STREAM) the first time, /broken with RST_STREAM(INTERNAL_ERROR).
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { constants, createSecureServer } from "node:http2";

const [certificate, key] = process.argv.slice(2);
const settings = { maxConcurrentStreams: 100, initialWindowSize: 4000 };
const server = createSecureServer({ cert: readFileSync(certificate), key: readFileSync(key), settings });
const sessions = new Set();
const held = [];
let refused = false;

server.on("session", (session) => {
  sessions.add(session);
  session.on("close", () => sessions.delete(session));
});

server.on("stream", (stream, headers) => {
  const hash = createHash("sha256");
  stream.on("error", () => {});
  stream.on("data", (chunk) => hash.update(chunk));
  stream.on("end", () => act(stream, headers, hash.digest("hex")));
});

function act(stream, headers, digest) {
  const answer = () => {
    if (stream.closed || stream.destroyed) return;
    stream.respond({ ":status": 201, location: "/m/1", "content-type": "application/json" });
    stream.end(JSON.stringify({ ...headers, digest }));
  };
  switch (headers[":path"]) {
    case "/held":
      held.push(answer);
      return;
    case "/holding-40":
      if (held.length < 40) {
        stream.respond({ ":status": 404 });
        stream.end();
        return;
      }
      break;
    case "/long":
      stream.respond({ ":status": 200 });
      stream.end(Buffer.alloc(60_000, "x"));
      return;
    case "/goodbye":
      stream.session.goaway();
      break;
    case "/refused":
      if (!refused) {
        refused = true;
        stream.close(constants.NGHTTP2_REFUSED_STREAM);
        return;
      }
      break;
    case "/broken":
      stream.close(constants.NGHTTP2_INTERNAL_ERROR);
      return;
  }
  answer();
}

process.on("SIGTERM", () => {
  server.close();
  for (const session of sessions) session.close();
  held.splice(0).forEach((one) => one());
});

server.listen(0, "127.0.0.1", () => console.log(server.address().port));
