// Values that are good each by itself, and do not go together.
#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "lb/config/config.h"
#include "tests/support/config_file.h"

using namespace finishline::config;
using finishline::Nanos;

TEST_CASE("references to nothing are found") {
  check_mistakes({
      {"pool = \"media\"\n\n", "pool = \"medai\"\n\n",
       "f:6:8: listener[1].pool: there is no pool 'medai'; did you mean 'media'?"},
      {"type = \"video\"", "type = \"database\"",
       "f:11:8: server[1].type: unknown server type 'database'; add a section [cost.database] with its "
       "factors"},
      {"[pool.media]", "[pool.media]\npolicy = \"makspan\"",
       "f:2:10: pool.media.policy: unknown policy 'makspan'; did you mean 'makespan'?"},
      {"[pool.media]", "[pool.media]\npolicy = \"adaptiv\"",
       "f:2:10: pool.media.policy: unknown policy 'adaptiv'; did you mean 'adaptive'?"},
      {"[pool.media]", "[pool.media]\ncandidates = \"regret, makspan\"",
       "f:2:14: pool.media.candidates: unknown policy 'makspan'; did you mean 'makespan'?"},
      {"", "[cost.video]\nvideo = 1\npicture = 1\nmusic = 1\nvidoe = 2",
       "f:18:9: cost.video.vidoe: unknown request type; did you mean 'video'?"},
  });
}

TEST_CASE(
    "a file without costs whose pools learn them needs none: every server begins with one unit for all") {
  constexpr std::string_view kFile = R"([work]
types = { thumbnail = "T", caption = "C" }
[pool.media]
learn = "LEARN"
[[listener]]
name = "media"
bind = "127.0.0.1:9000"
pool = "media"
[[server]]
name = "gpu-1"
pool = "media"
type = "gpu"
address = "127.0.0.1:9001"
[[server]]
name = "cpu-1"
pool = "media"
type = "cpu"
address = "127.0.0.1:9002"
)";
  const auto with = [&](std::string_view learn) {
    std::string text(kFile);
    return parse(text.replace(text.find("LEARN"), 5, learn), "f");
  };
  const auto learned = with("on");
  const auto* const config = std::get_if<Config>(&learned);
  REQUIRE(config != nullptr);
  for (const char* const type : {"gpu", "cpu"})
    for (const char code : {'T', 'C'})
      CHECK(config->cost.factor(*config->cost.server_type_named(type), *config->cost.request_type_of(code)) ==
            1.0);
  for (const char* const learn : {"watch", "off"}) CHECK(!std::holds_alternative<Config>(with(learn)));
}

TEST_CASE("what a check asks for must fit into the question, and into the kind of check") {
  check_mistakes({
      {"[pool.media]", "[pool.media]\ncheck = \"http\"\ncheck_path = \"healthz\"",
       "f:3:14: pool.media.check_path: expected a path that begins with / and has no spaces; write for "
       "example "
       "\"/healthz\""},
      {"[pool.media]", "[pool.media]\ncheck = \"http\"\ncheck_host = \"a\\r\\nX: b\"",
       "f:3:14: pool.media.check_host: expected a host without spaces; write for example "
       "\"www.example.org\""},
      {"[pool.media]", "[pool.media]\ncheck = \"http\"\ncheck_status = \"399..200\"",
       "f:3:16: pool.media.check_status: expected statuses from 100 to 599; write for example \"200\" or "
       "\"200..399\""},
      {"[pool.media]", "[pool.media]\ncheck = \"postgres\"\ncheck_user = \"\"",
       "f:3:14: pool.media.check_user: expected a name without spaces; write for example \"finishline\""},
      {"[pool.media]", "[pool.media]\ncheck_host = \"www\"",
       "f:2:14: pool.media.check_host: has no meaning without check = \"http\"; remove it, or set check"},
      {"[pool.media]", "[pool.media]\ncheck = \"redis\"\ncheck_user = \"me\"",
       "f:3:14: pool.media.check_user: has no meaning without check = \"postgres\"; remove it, or set check"},
  });
}

TEST_CASE("statuses are one or a range") {
  CHECK(statuses_in("200") == std::pair(200, 200));
  CHECK(statuses_in("200..399") == std::pair(200, 399));
  for (const char* const text :
       {"", "..", "200..", "..399", "20", "600", "200-399", "200...399", "2xx", "+20"}) {
    CAPTURE(text);
    CHECK_FALSE(statuses_in(text));
  }
}

TEST_CASE("a watchdog that would bite the healthy is a mistake") {
  CHECK(good(kBase).proxy.watchdog == finishline::Nanos(std::chrono::seconds(10)));
  CHECK(good(kBase + "[proxy]\nwatchdog = \"0s\"").proxy.watchdog.count() == 0);
  check_mistakes(
      {{"", "[proxy]\nwatchdog = \"100ms\"",
        "f:15:12: proxy.watchdog: a healthy process may be silent for longer; write \"1s\" or more, or "
        "\"0s\" for none"}});
}

TEST_CASE("names and addresses that are taken are found") {
  const std::string second =
      "[[server]]\nname = \"video-1\"\npool = \"media\"\ntype = \"video\"\naddress = \"127.0.0.1:9002\"";
  check_mistakes({
      {"", second,
       "f:15:8: server[2].name: 'video-1' is already the name of the server in line 9; give each server a "
       "name of its own"},
      {"", "[[listener]]\nname = \"other\"\nbind = \"0.0.0.0:9000\"\npool = \"media\"",
       "f:16:8: listener[2].bind: 0.0.0.0:9000 is already the address of listener 'media'; choose another "
       "port"},
      {"127.0.0.1:9000", "127.0.0.1:9900",
       "f:5:8: listener[1].bind: 127.0.0.1:9900 is already the address of the admin server (proxy.admin); "
       "choose another port"},
      {"127.0.0.1:9001", "127.0.0.1:9000",
       "f:12:11: server[1].address: this is the proxy itself: listener 'media'; write the server's own "
       "address"},
      {"127.0.0.1:9001", "127.0.0.1",
       "f:12:11: server[1].address: '127.0.0.1' is no HOST:PORT (IPv6 as [HOST]:PORT); write for example "
       "\"127.0.0.1:9000\""},
      {"127.0.0.1:9001", "127.0.0.1:0",
       "f:12:11: server[1].address: port 0 cannot be connected to; write the server's port"},
      {"\"video-1\"", "\"video 1\"",
       "f:9:8: server[1].name: the name has characters other than letters, digits, '.', '_' and '-'; write "
       "for example \"media\""},
  });
}

TEST_CASE("listeners on port 0 do not clash") {
  good(replaced(kBase, "127.0.0.1:9000", "127.0.0.1:0") +
       "[[listener]]\nname = \"other\"\nbind = \"127.0.0.1:0\"\npool = \"media\"");
}

TEST_CASE("set-ups in which a request could never be done are refused") {
  check_mistakes({
      {"", "[work]\ntypes = { video = \"V\", book = \"B\" }",
       "f:6:8: listener[1].pool: no server of pool 'media' can do requests of type 'book'; add a server that "
       "can, a "
       "factor for 'book' in the [cost.*] of one it has, or remove the type from work.types"},
      {"", "[cost.video]\nvideo = 1\nmusic = 1",
       "f:6:8: listener[1].pool: no server of pool 'media' can do requests of type 'picture'; add a server "
       "that can, a "
       "factor for 'picture' in the [cost.*] of one it has, or remove the type from work.types"},
      {"", "protocol = \"mini\"\n[work]\ntypes = { video = \"V\" }",
       "f:6:8: listener[1].pool: no server of pool 'media' can do requests of type 'video' longer than 9: "
       "those that "
       "do the type speak mini, whose lengths are one digit; add a server that speaks frame, or set "
       "work.max_length = 9"},
      {"[pool.media]",
       "[pool.empty]\n[pool.media]\n[[listener]]\nname = \"e\"\nbind = \"127.0.0.1:0\"\npool = \"empty\"",
       "f:6:8: listener[1].pool: pool 'empty' has no server; add a [[server]] with pool = \"empty\""},
      {"pool = \"media\"", "pool = \"media\"\nmode = \"mini\"\nmax_body = 5",
       "f:8:12: listener[1].max_body: has no meaning in mode mini, where a request is two bytes; remove it, "
       "or set "
       "mode = \"frame\""},
  });
}

TEST_CASE("pools may specialise, as long as some pool has a server for every type") {
  good(kBase +
       "[cost.video]\nvideo = 1\npicture = 1\n[cost.music]\nmusic = 1\n[pool.sound]\n"
       "[[listener]]\nname = \"sound\"\nbind = \"127.0.0.1:0\"\npool = \"sound\"\n"
       "[[server]]\nname = \"music-1\"\npool = \"sound\"\ntype = \"music\"\naddress = \"127.0.0.1:9002\"\n");
}

TEST_CASE("mini servers can stand behind frames of at most nine units and behind mini listeners") {
  good(kBase + "protocol = \"mini\"\n[work]\nmax_length = 9\n");
  good(replaced(kBase, "pool = \"media\"", "pool = \"media\"\nmode = \"mini\"") + "protocol = \"mini\"\n");
}

TEST_CASE("checks that could not work are refused") {
  check_mistakes({
      {"[pool.media]\n\n",
       "[pool.media]\ncheck = \"ping\"\n[[server]]\nname = \"m\"\npool = \"media\"\ntype = \"video\"\n"
       "address = \"127.0.0.1:9009\"\nprotocol = \"mini\"\n",
       "f:2:9: pool.media.check: server 'm' speaks mini and cannot be pinged; set check = \"auto\" or "
       "\"connect\""},
      {"[pool.media]\n", "[pool.media]\ncheck_path = \"/a b\"\n",
       "f:2:14: pool.media.check_path: expected a path that begins with / and has no spaces; write for "
       "example "
       "\"/healthz\""},
      {"\"127.0.0.1:9001\"\n", "\"127.0.0.1:9001\"\ncheck_address = \"127.0.0.1:0\"\n",
       "f:13:17: server[1].check_address: port 0 cannot be connected to; write the port that answers checks"},
  });
}

TEST_CASE("a server is checked at its own address unless it says another") {
  const Config config =
      good(replaced(kBase, "9001\"\n",
                    "9001\"\n\n[[server]]\nname = \"b\"\npool = \"media\"\n"
                    "type = \"video\"\naddress = \"127.0.0.1:9002\"\ncheck_address = \"127.0.0.1:8002\"\n"));
  CHECK(config.servers.at(0).check_address.to_string() == "127.0.0.1:9001");
  CHECK(config.servers.at(1).check_address.to_string() == "127.0.0.1:8002");
}

TEST_CASE("types without a letter of their own are found") {
  check_mistakes({
      {"", "[work]\ntypes = { video = \"V\", picture = \"V\", music = \"M\" }",
       "f:15:34: work.types.picture: the letter V is taken by type 'video'; give each type a letter of its "
       "own"},
      {"", "[work]\ntypes = { video = \"VV\" }",
       "f:15:19: work.types.video: expected one ASCII letter in quotes, found the text \"VV\"; write for "
       "example \"V\""},
      {"", "[work]\ntypes = { video = \"5\" }",
       "f:15:19: work.types.video: expected one ASCII letter in quotes, found the text \"5\"; write for "
       "example \"V\""},
  });
}

TEST_CASE("more workers or servers than the ledger has room for are refused") {
  check_mistakes({
      {"", "[proxy]\nworkers = 3\nmax_workers = 2",
       "f:15:11: proxy.workers: 3 workers and 3 successors side by side in a reload are more than "
       "proxy.max_workers = 2; raise max_workers to 6 or lower workers"},
      {"",
       "[[server]]\nname = \"video-2\"\npool = \"media\"\ntype = \"video\"\naddress = "
       "\"127.0.0.1:9002\"\n[proxy]\nmax_servers = 1",
       "f:14:1: server[2]: 2 servers are more than proxy.max_servers = 1; raise max_servers"},
  });
}

TEST_CASE(
    "more pools than there is room for are a mistake at the first that has none, and as many as there is are "
    "good") {
  std::string text = kBase;
  for (std::size_t n = 1; n < kMaxPools; ++n) {
    const std::string pool = "p" + std::to_string(n);
    text += "[pool." + pool + "]\n[[listener]]\nname = \"" + pool + "\"\nbind = \"127.0.0.1:0\"\npool = \"" +
            pool + "\"\nmode = \"stream\"\n";
    text += "[[server]]\nname = \"" + pool + "\"\npool = \"" + pool +
            "\"\naddress = \"127.0.0.1:" + std::to_string(10000 + n) + "\"\n";
  }
  text += "[proxy]\nmax_servers = 4096\n";
  CHECK(faults_of(text).empty());
  const auto faults =
      faults_of(text +
                "[pool.more]\n[[server]]\nname = \"more\"\npool = \"more\"\ntype = \"video\"\n"
                "address = \"127.0.0.1:80\"\n");
  REQUIRE(!faults.empty());
  CHECK(faults.back().find(
            "pool.more: 2049 pools are more than the 2048 that there is room for; put servers") !=
        std::string::npos);
}

TEST_CASE("who is told of alerts is checked before anything has to be told") {
  const std::string mail =
      "[alerts]\nmail_server = \"smtp://m:25\"\nmail_from = \"f@x.org\"\nmail_to = \"a@x.org\"\n";
  CHECK(faults_of(kBase + mail).empty());
  CHECK(faults_of(kBase + mail + "mail_starttls = \"off\"").empty());
  check_mistakes({
      {"", "[alerts]\nwebhook = \"ftp://x\"",
       "f:15:11: alerts.webhook: expected a URL http://... or https://... without spaces and without user; "
       "write for example \"https://hooks.example.org/finishline\""},
      {"", "[alerts]\nwebhook = \"https://user:word@x/\"",
       "f:15:11: alerts.webhook: expected a URL http://... or https://... without spaces and without user; "
       "write for example \"https://hooks.example.org/finishline\""},
      {"", "[alerts]\nwebhook_secret_file = \"s\"",
       "f:15:23: alerts.webhook_secret_file: has no meaning without webhook; add webhook, or remove it"},
      {"", "[alerts]\nmail_to = \"a@x.org\"",
       "f:15:11: alerts.mail_to: has no meaning without mail_server; add mail_server, or remove it"},
      {"", mail + "mail_user = \"u\"",
       "f:18:13: alerts.mail_user: mail_user and mail_password_file go together; add the other one, or "
       "remove this one"},
      {"", mail + "mail_user = \"u\"\nmail_password_file = \"p\"\nmail_starttls = \"when_offered\"",
       "f:20:17: alerts.mail_starttls: the password would be sent for all to read; set mail_starttls = "
       "\"required\", or take smtps://"},
  });
  CHECK(faults_of(kBase + replaced(mail, "f@x.org", "f@x.org\\r\\nBcc: eve@x.org")).size() == 1);
  CHECK(faults_of(kBase + replaced(mail, "a@x.org", "a@x.org, b")).size() == 1);
  CHECK(faults_of(kBase + replaced(mail, "smtp://", "smtps://") +
                  "mail_user = \"u\"\nmail_password_file = \"p\"\nmail_starttls = \"off\"")
            .empty());
}

TEST_CASE("what is not said of a rule stands as it is built in") {
  const Config config =
      good(kBase + "[alert.server_down]\nfor = \"1m\"\n[alert.cpu_high]\nthreshold = 0.5\n");
  const auto rule = [&](const char* name) {
    return config.alert_rules[static_cast<std::size_t>(*finishline::alert::rule_named(name))];
  };
  CHECK(rule("server_down").hold == std::chrono::minutes(1));
  CHECK(rule("server_down").severity == finishline::alert::Severity::critical);
  CHECK(rule("cpu_high").threshold == 0.5);
  CHECK(rule("cpu_high").hold == std::chrono::seconds(60));
  CHECK(rule("latency_high") == finishline::alert::default_rules()[1]);
}
