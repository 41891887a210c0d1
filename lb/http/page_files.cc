#include "lb/http/page_files.h"

#include "lb/http/router.h"

namespace finishline::http {
namespace {

/// Nothing but our own files, in nobody's frame.
constexpr const char* kPolicy =
    "default-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; object-src 'none'";

}  // namespace

HttpReply reply_with(const PageFile& file, const HttpRequest& request) {
  HttpReply reply{.type = std::string(file.type),
                  .headers = {{"ETag", std::string(file.tag)},
                              {"Cache-Control", "no-cache"},
                              {"Vary", "Accept-Encoding"},
                              {"Content-Security-Policy", kPolicy},
                              {"Referrer-Policy", "no-referrer"}}};
  if (request.header("if-none-match").find(file.tag) != std::string_view::npos) {
    reply.status = 304;
    return reply;
  }
  const bool zipped = request.header("accept-encoding").find("gzip") != std::string_view::npos;
  if (zipped) reply.headers.emplace_back("Content-Encoding", "gzip");
  reply.body = zipped ? file.zipped : file.bytes;
  return reply;
}

void add_page(HttpRouter& router) {
  for (const PageFile& file : page_files()) {
    const auto handler = [&file](const HttpRequest& request) { return reply_with(file, request); };
    router.add_hidden(std::string(file.path), handler);
    if (file.path == "/index.html") router.add_hidden("/", handler);
  }
}

}  // namespace finishline::http
