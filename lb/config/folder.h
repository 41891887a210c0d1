// Where the files lie that a configuration names: a relative name goes by the folder of the configuration
// file. Pure.
#pragma once

#include <string>
#include <string_view>

namespace finishline::config {

/// The folder that relative names of this configuration go by: that of its file, or the one that
/// with_folder() has noted; "": the working directory.
std::string folder_of(std::string_view text, const std::string& file);
/// The text, and that names in it go by this folder wherever the text is kept: for one that stood in no file.
std::string with_folder(std::string text, const std::string& folder);

/// "conf/token" of "token" in the folder "conf". A name that is empty, absolute or "-" stays as it is.
std::string file_in(const std::string& folder, const std::string& name);

}  // namespace finishline::config
