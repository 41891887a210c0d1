#include "client/journal.h"

#include <doctest/doctest.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>
#include <sstream>

using namespace finishline;
using namespace finishline::client;

namespace {

/// A file name of its own, gone at the end.
struct TemporaryFile {
  std::string path = "/tmp/finishline-journal-XXXXXX";
  TemporaryFile() { ::close(::mkstemp(path.data())); }
  ~TemporaryFile() { ::unlink(path.c_str()); }
  std::string text() const {
    std::ostringstream text;
    text << std::ifstream(path).rdbuf();
    return text.str();
  }
};

const Instant kStart{500s};
const std::vector<ServerSpec> kServers{{3, "video-1", 0, 1, 1}};

Journal journal_to(const Journal::Paths& paths) {
  Journal journal = std::get<Journal>(Journal::open(paths, CostModel::seed(1ms), kServers));
  journal.begin(kStart);
  return journal;
}

Request request() {
  Request request;
  request.number = 12;
  request.intended = kStart + 1ms;
  request.sent = kStart + 1500us;
  request.length = 5;
  request.type = 2;
  return request;
}

}  // namespace

TEST_CASE("each reply is a line with its times, server and status") {
  const TemporaryFile file;
  Journal journal = journal_to({"", file.path});
  journal.sent(request());
  journal.ended(request(), "ok", kStart + 2s, 3);
  journal.ended(request(), "server_lost", kStart + 2s, 9);
  journal.ended(request(), "unanswered", kStart + 2s);
  CHECK(journal.close() == "");
  CHECK(file.text() ==
        "id,type,length,intended_s,sent_s,done_s,server,status\n"
        "12,music,5,0.001000000,0.001500000,2.000000000,video-1,ok\n"
        "12,music,5,0.001000000,0.001500000,2.000000000,9,server_lost\n"
        "12,music,5,0.001000000,0.001500000,2.000000000,,unanswered\n");
}

TEST_CASE("the trace holds what was sent, at its intended time") {
  const TemporaryFile file;
  Journal journal = journal_to({file.path, ""});
  journal.sent(request());
  journal.ended(request(), "ok", kStart + 2s, 3);
  CHECK(journal.close() == "");
  CHECK(file.text() == "time_s,type,length\n0.001000000,music,5\n");
}

TEST_CASE("a file that cannot be written is told at the start, a full disk at the end") {
  const auto refused = Journal::open({"/nonexistent/trace.csv", ""}, CostModel::seed(1ms), kServers);
  CHECK(std::get<std::string>(refused) == "cannot write /nonexistent/trace.csv: No such file or directory");
  Journal journal = journal_to({"", "/dev/full"});
  CHECK(journal.close() == "cannot write /dev/full: No space left on device");
}
