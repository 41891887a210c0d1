// Commands that ask an admin server which wants a token of who only looks.
#include <doctest/doctest.h>

#include <filesystem>
#include <string>
#include <vector>

#include "tests/support/proxy_under_test.h"
#include "tests/support/temp_dir.h"

using namespace finishline;
using namespace finishline::test;

namespace {

bool says(const Outcome& outcome, const std::string& words) {
  return (outcome.output + outcome.errors).find(words) != std::string::npos;
}

/// A proxy with a token in the clear, behind a remark, and one as a hash; another file has the hash alone.
class Guarded {
 public:
  Guarded()
      : proxy({.servers = {{.name = "video-1"}},
               .proxy_keys = "admin_anonymous = false\nadmin_token_file = \"" + both_ + "\"\n"}) {}

  Outcome ask(std::vector<std::string> words, const std::string& token_file = "") const {
    words.insert(words.end(), {"--admin", "127.0.0.1:" + std::to_string(proxy.admin_port())});
    if (!token_file.empty()) words.insert(words.end(), {"--token-file", token_file});
    return run("finishline", words);
  }
  Outcome ask_by_file(std::vector<std::string> words) const {
    words.insert(words.end(), {"-c", proxy.config_file()});
    return run("finishline", words);
  }
  std::string file(const std::string& name, const std::string& text) const {
    std::string made = dir_.write(name, text);
    std::filesystem::permissions(made, std::filesystem::perms(0600));
    return made;
  }

 private:
  TempDir dir_;

 public:
  std::string hash = "bob viewer sha256:" + std::string(64, 'a') + "\n";
  std::string hashes = file("hashes", hash);
  std::string wrong = file("wrong", std::string(32, 'w'));

 private:
  std::string both_ = file("tokens", "# of the operators\n" + hash + std::string(32, 't') + "\n");

 public:
  ProxyUnderTest proxy;
};

const std::vector<std::vector<std::string>> kLooks{
    {"status"}, {"costs"}, {"peers"}, {"scale"}, {"policy", "media"}};

}  // namespace

TEST_CASE("every command that looks sends the token where looking needs one") {
  const Guarded it;
  for (const auto& words : kLooks) {
    CAPTURE(words[0]);
    CHECK(it.ask_by_file(words).exit == Exit{0, 0});
    const Outcome bare = it.ask(words);
    CHECK(bare.exit == Exit{2, 0});
    CHECK_MESSAGE(says(bare, "--token-file FILE, or -c with a configuration"), bare.errors);
  }
  CHECK(it.ask_by_file({"drain", "video-1"}).exit == Exit{0, 0});
}

TEST_CASE("top, too, says what is missing, and is not silent") {
  const Guarded it;
  const Outcome bare = it.ask({"top"}), hashed = it.ask({"top"}, it.hashes),
                wrong = it.ask({"top"}, it.wrong);
  for (const Outcome* outcome : {&bare, &hashed, &wrong}) CHECK(outcome->exit == Exit{2, 0});
  CHECK_MESSAGE(says(bare, "--token-file FILE"), bare.errors);
  CHECK_MESSAGE(says(hashed, "holds hashes alone"), hashed.errors);
  CHECK_MESSAGE(says(wrong, "that is the one of " + it.wrong), wrong.errors);
}

TEST_CASE("a token file with hashes alone is told as such before anything is sent") {
  const Guarded it;
  const Outcome hashed = it.ask({"drain", "video-1"}, it.hashes);
  CHECK(hashed.exit == Exit{2, 0});
  CHECK_MESSAGE(says(hashed, it.hashes + " holds hashes alone"), hashed.errors);
}
