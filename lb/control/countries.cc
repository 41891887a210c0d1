#include "lb/control/countries.h"

#include <sys/stat.h>

#include <algorithm>
#include <map>
#include <utility>

#include "lb/log/log.h"

namespace finishline::control {

void Countries::change_to(const std::string& file) {
  if (file == file_) return;
  *this = Countries(file);
}

Countries::Stamp Countries::stamp_of(const std::string& file) {
  struct stat it {};
  if (::stat(file.c_str(), &it) != 0) return {};
  return {.changed_ns = it.st_mtim.tv_sec * 1'000'000'000 + it.st_mtim.tv_nsec,
          .bytes = it.st_size,
          .inode = it.st_ino};
}

void Countries::look(Instant now) {
  if (file_.empty() || (looked_at_ && now - *looked_at_ < kLook)) return;
  looked_at_ = now;
  const Stamp stamp = stamp_of(file_);
  if (stamp_ == stamp) return;
  stamp_ = stamp;
  read();
}

void Countries::read() {
  auto opened = GeoDatabase::open(file_);
  if (auto* why = std::get_if<std::string>(&opened)) {
    problem_ = std::move(*why);
    log::write(log::Event::countries_failed, {{"file", file_}, {"reason", problem_}});
    return;
  }
  database_ = std::move(std::get<GeoDatabase>(opened));
  problem_.clear();
  log::write(log::Event::countries_known, {{"file", file_}, {"database", database_->name()}});
}

std::string Countries::country_of(const net::Address& address) const {
  return database_ ? database_->country_of(address) : "";
}

std::string Countries::note() const {
  if (file_.empty())
    return "Countries are not told: proxy.geo_database names no file. Any country database in MaxMind's "
           "format "
           "will do, such as GeoLite2-Country or DB-IP Lite.";
  const std::string why = problem_.empty() ? "" : file_ + ": " + problem_;
  if (!database_) return "Countries are not told: " + (why.empty() ? "nobody has asked yet" : why) + ".";
  return "By " + database_->name() + (why.empty() ? "" : ", because of " + why) + ".";
}

std::vector<Talker> by_country(const std::vector<Talker>& networks, std::size_t most) {
  std::map<std::string, Talker> sums;
  for (const Talker& it : networks) {
    Talker& sum = sums[it.country];
    sum.country = it.country;
    sum.rate += it.rate;
    sum.connections += it.connections;
  }
  std::vector<Talker> all;
  for (auto& [country, sum] : sums) all.push_back(std::move(sum));
  std::ranges::stable_sort(all, [](const Talker& a, const Talker& b) {
    return std::pair(a.rate, a.connections) > std::pair(b.rate, b.connections);
  });
  all.resize(std::min(all.size(), most));
  return all;
}

}  // namespace finishline::control
