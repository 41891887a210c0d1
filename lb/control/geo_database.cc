#include "lb/control/geo_database.h"

#include <fcntl.h>
#include <maxminddb.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <cerrno>
#include <cstring>
#include <ctime>

#include "lb/process/descriptor.h"

namespace finishline::control {
namespace {

using process::Descriptor;

/// The whole file in memory, as a file of nobody else's; or why not.
std::variant<Descriptor, std::string> copy_of(const std::string& file) {
  const Descriptor from(::open(file.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  struct stat it {};
  if (!from || ::fstat(from.get(), &it) != 0) return std::strerror(errno);
  if (!S_ISREG(it.st_mode)) return "it is no file";
  if (static_cast<std::size_t>(it.st_size) > GeoDatabase::kMostBytes) return "it has more than 512 MiB";
  Descriptor to(::memfd_create("finishline-countries", MFD_CLOEXEC));
  if (!to) return std::strerror(errno);
  for (off_t left = it.st_size; left > 0;) {
    const ssize_t sent = ::sendfile(to.get(), from.get(), nullptr, static_cast<std::size_t>(left));
    if (sent < 0) return std::strerror(errno);
    if (sent == 0) break;  // it became shorter, which opening it will find out
    left -= sent;
  }
  return to;
}

/// The text at this path of a record; "" where there is none.
template <class... Steps>
std::string text_at(MMDB_entry_s& record, Steps... path) {
  MMDB_entry_data_s found{};
  const int status = MMDB_get_value(&record, &found, path..., nullptr);
  if (status != MMDB_SUCCESS || !found.has_data || found.type != MMDB_DATA_TYPE_UTF8_STRING) return "";
  return {found.utf8_string, found.data_size};
}

/// Whoever makes databases has a shape of his own.
std::string country_in(MMDB_entry_s& record) {
  for (std::string text :
       {text_at(record, "country", "iso_code"), text_at(record, "country"), text_at(record, "country_code"),
        text_at(record, "registered_country", "iso_code")})
    if (text.size() == 2 && std::ranges::all_of(text, [](unsigned char it) { return std::isalpha(it) != 0; }))
      return text;
  return "";
}

}  // namespace

void GeoDatabase::Closer::operator()(MMDB_s* it) const {
  MMDB_close(it);
  delete it;
}

std::variant<GeoDatabase, std::string> GeoDatabase::open(const std::string& file) {
  auto copy = copy_of(file);
  if (auto* why = std::get_if<std::string>(&copy)) return std::move(*why);
  const std::string path = "/proc/self/fd/" + std::to_string(std::get<Descriptor>(copy).get());
  auto opened = std::make_unique<MMDB_s>();
  const int status = MMDB_open(path.c_str(), MMDB_MODE_MMAP, opened.get());
  if (status == MMDB_SUCCESS) return GeoDatabase(opened.release());
  return "it is no database in MaxMind's format, or not a whole one (" + std::string(MMDB_strerror(status)) +
         ")";
}

std::string GeoDatabase::country_of(const net::Address& address) const {
  int status = MMDB_SUCCESS;
  MMDB_lookup_result_s found = MMDB_lookup_sockaddr(opened_.get(), address.data(), &status);
  if (status != MMDB_SUCCESS || !found.found_entry) return "";
  return country_in(found.entry);
}

std::string GeoDatabase::name() const {
  const MMDB_metadata_s& it = opened_->metadata;
  const auto built = static_cast<std::time_t>(it.build_epoch);
  std::tm day{};
  std::array<char, 16> text{};
  if (::gmtime_r(&built, &day) == nullptr || std::strftime(text.data(), text.size(), "%F", &day) == 0)
    return it.database_type;
  return std::string(it.database_type) + " of " + text.data();
}

}  // namespace finishline::control
