"""Serving guide and style sheet to Neo4j Browser, which fetches both by address."""

import re
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

from kgbuild.errors import InputError
from kgbuild.exploring.contents import Contents
from kgbuild.exploring.guide import guide_page
from kgbuild.exploring.queries import saved_queries
from kgbuild.exploring.style import style_sheet

LOCAL_ORIGIN = re.compile(r"https?://(localhost|127\.0\.0\.1|\[::1\])(:\d+)?")
MEDIA_TYPES = {"html": "text/html; charset=utf-8", "grass": "application/json; charset=utf-8"}


class Guide:
    """A server of guide and style sheet to Browsers on this machine. Call `serve`, and `close` in the end.

    The address says `localhost`, because that is the one host whose guides Neo4j shows unless it is told otherwise.
    """

    def __init__(self, held: Contents, port: int) -> None:
        """Take the port; 0 takes a free one. Raises InputError when it cannot be had."""
        pages: dict[str, str] = {}

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                name = urlsplit(self.path).path.removeprefix("/")
                page = pages.get(name)
                body = (page or f"There is no {name!r} here.\n").encode("utf-8", "replace")
                self.send_response(200 if page is not None else 404)
                origin = self.headers.get("Origin", "")
                if LOCAL_ORIGIN.fullmatch(origin):
                    self.send_header("Access-Control-Allow-Origin", origin)
                    self.send_header("Access-Control-Allow-Headers", self.headers.get("Access-Control-Request-Headers", "*"))
                self.send_header("Content-Type", MEDIA_TYPES.get(name.rpartition(".")[2], "text/plain; charset=utf-8"))
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                if self.command == "GET":
                    self.wfile.write(body)

            do_HEAD = do_OPTIONS = do_GET

            def log_message(self, format: str, *args: object) -> None:
                """Say nothing: the terminal belongs to the command."""

        try:
            self._server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
        except OSError as error:
            raise InputError("--serve", f"port {port} cannot be used ({error.strerror})", "Name another one") from None

        self.url = f"http://localhost:{self._server.server_port}/guide.html"
        style_url = f"http://localhost:{self._server.server_port}/style.grass"
        pages |= {"guide.html": guide_page(held, saved_queries(held), style_url), "style.grass": style_sheet(held)}

    def serve(self) -> None:
        """Answer until interrupted, or ended by `stop` from another thread."""
        self._server.serve_forever()

    def stop(self) -> None:
        self._server.shutdown()

    def close(self) -> None:
        self._server.server_close()
