"""An SMTP server for tests: takes mails only over TLS from one user, with a certificate of its own making.

    mail_server.py FOLDER

prints "port N" once it listens on 127.0.0.1, and each mail as a line of JSON. FOLDER gets cert.pem.
"""
import asyncio
import json
import ssl
import subprocess
import sys

from aiosmtpd.smtp import SMTP, AuthResult


class Postbox:
    async def handle_DATA(self, server, session, envelope):
        mail = {
            "from": envelope.mail_from,
            "to": envelope.rcpt_tos,
            "data": envelope.content.decode(),
            "tls": session.ssl is not None,
            "user": session.auth_data.decode(),
        }
        print(json.dumps(mail), flush=True)
        return "250 taken"


def sign_in(server, session, envelope, mechanism, auth_data):
    good = (auth_data.login, auth_data.password) == (b"finishline", b"right")
    return AuthResult(success=good, auth_data=auth_data.login, handled=False)


def context_in(folder):
    cert, key = folder + "/cert.pem", folder + "/key.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2",
         "-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", key, "-out", cert],
        check=True, stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(cert, key)
    return context


async def main(folder):
    context = context_in(folder)

    def session():
        return SMTP(Postbox(), hostname="localhost", tls_context=context, require_starttls=True,
                    authenticator=sign_in, auth_required=True)

    server = await asyncio.get_running_loop().create_server(session, "127.0.0.1", 0)
    print("port", server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


asyncio.run(main(sys.argv[1]))
