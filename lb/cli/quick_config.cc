#include "lb/cli/quick_config.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <map>
#include <variant>

#include "lb/address/address.h"

namespace finishline::cli {
namespace {

struct Target {
  std::string type;  // "": of streams
  std::string address;
};

Target target_of(const std::string& word) {
  const auto equals = word.find('=');
  if (equals == std::string::npos) return {"", word};
  return {word.substr(0, equals), word.substr(equals + 1)};
}

/// In the order in which they are first named.
std::vector<std::string> types_of(const std::vector<Target>& targets) {
  std::vector<std::string> types;
  for (const Target& it : targets)
    if (std::ranges::find(types, it.type) == types.end()) types.push_back(it.type);
  return types;
}

/// What is wrong with it, for the flag that gave it; "" for a HOST:PORT.
std::string problem_with(std::string_view flag, const std::string& address) {
  const auto read = net::parse_endpoint(address);
  const bool plain = address.find_first_of("\"\\\n") == address.npos;  // can stand between quotes
  if (plain && std::holds_alternative<net::Endpoint>(read)) return "";
  return std::string(flag) + ": " + (plain ? std::get<std::string>(read) : address + " is no HOST:PORT");
}

bool is_type(std::string_view name) {
  const auto fits = [](unsigned char c) { return std::islower(c) != 0 || std::isdigit(c) != 0 || c == '-'; };
  return !name.empty() && std::ranges::all_of(name, fits);
}

/// One letter for each type in the two-byte protocol, of those in its name; "" when all are taken.
std::string letter_of(const std::string& type, std::string& taken) {
  for (const char c : type) {
    const char letter = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
    if (std::isupper(static_cast<unsigned char>(letter)) == 0 || taken.find(letter) != taken.npos) continue;
    taken += letter;
    return {letter};
  }
  return "";
}

/// Whether they are among the types that a configuration has which names none.
bool are_known(const std::vector<std::string>& types) {
  constexpr std::array<std::string_view, 3> kKnown = {"video", "picture", "music"};
  return std::ranges::all_of(
      types, [&](const std::string& it) { return std::ranges::find(kKnown, it) != kKnown.end(); });
}

/// Of listener and pool.
std::string name_for(const std::vector<std::string>& types) { return are_known(types) ? "media" : "main"; }

std::string cost_sections(const std::vector<std::string>& types) {
  if (are_known(types)) return "";
  std::string letters, names;
  for (const std::string& type : types)
    names += (names.empty() ? "" : ", ") + ("\"" + type + "\" = \"" + letter_of(type, letters) + "\"");
  std::string text = "# What a request of length 1 costs: types that clients ask for, with their letters.\n";
  text += "[work]\nunit = \"1ms\"\ntypes = { " + names + " }\n";
  text += "\n# Units of a request of length 1 on each type of server; a guess, the pool learns better.\n";
  for (const std::string& server : types) {
    text += "[cost.\"" + server + "\"]\n";
    for (const std::string& type : types) text += "\"" + type + "\" = " + (type == server ? "1" : "2") + "\n";
  }
  return text + "\n";
}

std::string servers(const std::vector<Target>& targets, const std::string& pool) {
  std::map<std::string, int> count;
  std::string text;
  for (const Target& it : targets) {
    const std::string kind = it.type.empty() ? "server" : it.type;
    text += "\n[[server]]\nname = \"" + kind + "-" + std::to_string(++count[kind]) + "\"\npool = \"" + pool +
            "\"\n";
    if (!it.type.empty()) text += "type = \"" + it.type + "\"\n";
    text += "address = \"" + it.address + "\"\n";
  }
  return text;
}

std::string problem_with(const std::vector<Target>& targets) {
  const auto streams = [](const Target& it) { return it.type.empty(); };
  const auto all = std::ranges::count_if(targets, streams);
  if (targets.empty()) return "--to names no server: --to video=127.0.0.1:9001,music=127.0.0.1:9002";
  if (all != 0 && static_cast<std::size_t>(all) != targets.size())
    return "--to has servers with a type and such without: give all a type, or none";
  for (const Target& it : targets) {
    if (std::string problem = problem_with("--to", it.address); !problem.empty()) return problem;
    if (!streams(it) && !is_type(it.type))
      return "--to " + it.type + "=" + it.address + ": a type is lower-case letters, digits and -";
  }
  std::string letters;
  for (const std::string& type : types_of(targets))
    if (!type.empty() && letter_of(type, letters).empty())
      return "--to " + type + "=...: every letter of it is another type's; name it otherwise";
  return "";
}

}  // namespace

QuickConfig quick_config(std::string_view listen, const std::vector<std::string>& to,
                         std::string_view admin) {
  std::vector<Target> targets;
  for (const std::string& word : to) targets.push_back(target_of(word));
  for (std::string problem :
       {problem_with("--listen", std::string(listen)),
        admin.empty() ? "" : problem_with("--admin", std::string(admin)), problem_with(targets)})
    if (!problem.empty()) return {"", std::move(problem)};
  const bool streams = targets.front().type.empty();
  const std::string pool = name_for(types_of(targets));
  std::string text =
      "# Every key and its default: finishline.example.toml. `finishline check` reads this file.\n\n";
  text += "[proxy]\nadmin = \"" + std::string(admin) + "\"  # dashboard, API and metrics\n\n";
  if (!streams) text += cost_sections(types_of(targets));
  text += "[[listener]]\nname = \"" + pool + "\"\nbind = \"" + std::string(listen) + "\"\npool = \"" + pool +
          "\"\n";
  if (streams) text += "mode = \"stream\"\n";
  text += "\n[pool." + pool + "]\n" + (streams ? "policy = \"least-connections\"\n" : "learn = \"on\"\n");
  return {text + servers(targets, pool), ""};
}

std::string_view quick_flag_at(std::string_view text, std::size_t line) {
  std::string_view flag = "--to";
  for (std::size_t n = 1; n <= line && !text.empty(); ++n) {
    const std::string_view here = text.substr(0, text.find('\n'));
    if (here.starts_with('['))
      flag = here == "[proxy]" ? "--admin" : here == "[[listener]]" ? "--listen" : "--to";
    text.remove_prefix(std::min(text.size(), here.size() + 1));
  }
  return flag;
}

}  // namespace finishline::cli
