#include "lb/config/folder.h"

#include <algorithm>

namespace finishline::config {
namespace {

constexpr std::string_view kFolderLine = "\n#finishline folder: ";  // for TOML a comment

}  // namespace

std::string folder_of(std::string_view text, const std::string& file) {
  const auto noted = text.find(kFolderLine);
  if (noted != std::string_view::npos) {
    const std::string_view rest = text.substr(noted + kFolderLine.size());
    return std::string(rest.substr(0, rest.find('\n')));
  }
  const auto slash = file.rfind('/');
  return slash == std::string::npos ? "" : file.substr(0, std::max<std::size_t>(slash, 1));
}

std::string with_folder(std::string text, const std::string& folder) {
  return text.append(kFolderLine).append(folder).append("\n");
}

std::string file_in(const std::string& folder, const std::string& name) {
  if (folder.empty() || name.empty() || name == "-" || name.starts_with('/')) return name;
  return folder.ends_with('/') ? folder + name : folder + '/' + name;
}

}  // namespace finishline::config
