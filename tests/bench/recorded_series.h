// Public series that benchmarks read, where somebody has them.
#pragma once

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <vector>

#include "lb/control/series_file.h"
#include "lb/forecast/series.h"
#include "proto/quantity.h"

namespace finishline::bench {

inline std::vector<std::string> fields_of_line(const std::string& line) {
  std::vector<std::string> fields(1);
  for (const char c : line) {
    if (c == ',')
      fields.emplace_back();
    else if (c != '"' && c != '\r')
      fields.back() += c;
  }
  return fields;
}

/// Time in the first column, a value in the second; other lines are skipped.
inline std::vector<forecast::LoadSample> samples_in_csv(const std::filesystem::path& file) {
  std::vector<forecast::LoadSample> samples;
  std::ifstream stream(file);
  for (std::string line; std::getline(stream, line);) {
    const auto fields = fields_of_line(line);
    const auto time = control::parse_time(fields.front());
    const auto value = fields.size() > 1 ? parse_number(fields[1]) : std::nullopt;
    if (time && value) samples.push_back({*time, *value});
  }
  return samples;
}

/// One value per second from 1 July 1995, packed.
inline std::vector<forecast::LoadSample> unpacked(const std::filesystem::path& file) {
  std::vector<forecast::LoadSample> samples;
  const std::string command = "tar xjOf '" + file.string() + "'";
  const std::unique_ptr<FILE, int (*)(FILE*)> pipe(::popen(command.c_str(), "r"), ::pclose);
  double value = 0;
  for (double at = 804556800; pipe && std::fscanf(pipe.get(), "%lf", &value) == 1; ++at)
    samples.push_back({at, value});
  return samples;
}

/// Whichever of the two it is.
inline std::vector<forecast::LoadSample> samples_of(const std::filesystem::path& file) {
  return file.extension() == ".tbz2" ? unpacked(file) : samples_in_csv(file);
}

}  // namespace finishline::bench
