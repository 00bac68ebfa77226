// A bucket that may only be written to, over TLS, by the name the tests' certificate bears: what it takes lies in /opt/test/bucket.
import type { File } from "./machine/machine";

export const ENDPOINT = "https://github.com:9443";
export const BUCKET = "piers";
export const ACCESS_KEY = "AKIDCANARY";

/** /opt/test/bucket-says: a status it answers everything with. */
const SERVER = `#!/usr/bin/python3
import hashlib, http.server, os, re, ssl, urllib.parse

class Bucket(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def answer(self, code, body=b"", headers={}):
        with open("/opt/test/bucket-log", "a") as log:
            log.write("%s %s %d\\n" % (self.command, self.path, code))
        self.send_response(code)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def request(self):
        body = self.rfile.read(int(self.headers.get("content-length", 0)))
        try:
            return self.answer(int(open("/opt/test/bucket-says").read()))
        except OSError:
            pass
        if "Credential=${ACCESS_KEY}/" not in self.headers.get("authorization", ""):
            return self.answer(403)
        url = urllib.parse.urlsplit(self.path)
        query = urllib.parse.parse_qs(url.query, keep_blank_values=True)
        path = "/opt/test/bucket" + urllib.parse.unquote(url.path)
        tag = {"ETag": '"%s"' % hashlib.md5(body).hexdigest()}
        if self.command == "PUT" and "uploadId" in query:
            os.makedirs(path + ".parts", exist_ok=True)
            open(path + ".parts/%05d" % int(query["partNumber"][0]), "wb").write(body)
            return self.answer(200, b"", tag)
        if self.command == "PUT":
            os.makedirs(os.path.dirname(path), exist_ok=True)
            open(path, "wb").write(body)
            return self.answer(200, b"", tag)
        if self.command == "POST" and "uploads" in query:
            return self.answer(200, b"<InitiateMultipartUploadResult><UploadId>u</UploadId></InitiateMultipartUploadResult>")
        if self.command == "POST":
            with open(path, "wb") as whole:
                for part in sorted(os.listdir(path + ".parts")):
                    whole.write(open(path + ".parts/" + part, "rb").read())
                    os.remove(path + ".parts/" + part)
            os.rmdir(path + ".parts")
            return self.answer(200, b'<CompleteMultipartUploadResult><ETag>"u-1"</ETag></CompleteMultipartUploadResult>')
        self.answer(403)

    do_GET = do_HEAD = do_PUT = do_POST = do_DELETE = request
    log_message = lambda *_: None

server = http.server.ThreadingHTTPServer(("127.0.0.1", 9443), Bucket)
context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain("/usr/local/share/ca-certificates/test.crt", "/opt/test/server.key")
server.socket = context.wrap_socket(server.socket, server_side=True)
server.serve_forever()
`;

export const bucket: File[] = [
  { path: "/opt/test/bucket.py", mode: "0755", content: SERVER },
  {
    path: "/etc/systemd/system/test-bucket.service",
    content: "[Service]\nExecStart=/opt/test/bucket.py\n[Install]\nWantedBy=multi-user.target\n",
  },
];
