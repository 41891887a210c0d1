// The files of the dashboard (lb/page), which are part of the program: scripts/embed.sh writes the table.
#pragma once

#include <span>
#include <string_view>

#include "lb/http/message.h"

namespace finishline::http {

class HttpRouter;

struct PageFile {
  std::string_view path;  // "/app.js"
  std::string_view type;  // content type
  std::string_view tag;   // changes with what it holds, in quotation marks: an ETag
  std::string_view bytes, zipped;
};

std::span<const PageFile> page_files();

/// As this request may have it: compressed, or 304 when it has it.
HttpReply reply_with(const PageFile& file, const HttpRequest& request);
/// Every file at its path, and index.html at "/".
void add_page(HttpRouter& router);

}  // namespace finishline::http
