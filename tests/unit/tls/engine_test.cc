// Handshakes and bytes between two ends without a socket: who trusts whom, what is chosen, what is refused.
#include "lb/tls/engine.h"

#include <doctest/doctest.h>

#include <string>
#include <utility>

#include "lb/tls/certificate.h"
#include "lb/tls/ticket_keys.h"
#include "tests/support/engine_pair.h"

using namespace finishline;
using namespace finishline::test;
using tls::TlsFault;
using State = tls::TlsEngine::State;

namespace {

/// The first name of the certificate that a client sees who asks for `name`.
std::string shown_to(const tls::ServerContext& server, const std::string& ca, const std::string& name) {
  const auto client = client_context({.name = name, .verify = false, .ca = ca});
  EnginePair pair(server, *client);
  REQUIRE(pair.shake_hands());
  for (const std::string& one : pair.client->peer_names())
    if (one.starts_with("CN=")) return one.substr(3);
  return "";
}

tls::ServerContext::Options with(std::initializer_list<CertificatePair> pairs) {
  tls::ServerContext::Options options{.id = "test"};
  for (const CertificatePair& pair : pairs) options.certificates.push_back({pair.certificate, pair.key, {}});
  return options;
}

}  // namespace

TEST_CASE("both ends agree when the handshake comes in pieces of any size, and bytes pass both ways") {
  TestAuthority authority;
  const auto server = server_context(authority.issue());
  for (const std::size_t piece : {1, 2, 7, 100, 5000}) {
    const auto client = client_context({.name = "www.example.org", .ca = authority.pem()});
    EnginePair pair(*server, *client);
    REQUIRE(pair.shake_hands(piece));
    CHECK(pair.client->version() == "TLSv1.3");
    CHECK(EnginePair::say(*pair.client, std::string(100000, 'q')));
    CHECK(EnginePair::say(*pair.server, "answer"));
    pair.pump(piece);
    CHECK(pair.at_server == std::string(100000, 'q'));
    CHECK(pair.at_client == "answer");
  }
}

TEST_CASE("an end that is said ends one direction, and the other goes on") {
  TestAuthority authority;
  const auto server = server_context(authority.issue());
  const auto client = client_context({.name = "www.example.org", .ca = authority.pem()});
  EnginePair pair(*server, *client);
  REQUIRE(pair.shake_hands());
  EnginePair::say(*pair.client, "last words");
  pair.client->close();
  pair.pump();
  CHECK(pair.at_server == "last words");
  CHECK(pair.server->state() == State::ended);
  CHECK(EnginePair::say(*pair.server, "still here"));
  pair.pump();
  CHECK(pair.at_client == "still here");
  CHECK_FALSE(EnginePair::say(*pair.client, "more"));
}

TEST_CASE("a client sees the certificate of the name it asks for: exact, by wildcard, else the first") {
  TestAuthority authority;
  const auto server =
      server_context(with({authority.issue({.common_name = "first", .names = {"DNS:first.example.org"}}),
                           authority.issue({.common_name = "wild", .names = {"DNS:*.example.org"}}),
                           authority.issue({.common_name = "exact", .names = {"DNS:www.example.org"}})}));
  CHECK(shown_to(*server, authority.pem(), "first.example.org") == "first");
  CHECK(shown_to(*server, authority.pem(), "www.example.org") == "exact");
  CHECK(shown_to(*server, authority.pem(), "WWW.Example.ORG") == "exact");
  CHECK(shown_to(*server, authority.pem(), "any.example.org") == "wild");
  CHECK(shown_to(*server, authority.pem(), "a.b.example.org") == "first");
  CHECK(shown_to(*server, authority.pem(), "elsewhere.net") == "first");
  CHECK(shown_to(*server, authority.pem(), "127.0.0.1") == "first");
}

TEST_CASE("two certificates of one name, with keys of two types, are one choice for the client") {
  TestAuthority authority;
  const auto server = server_context(with({authority.issue({.rsa = true}), authority.issue()}));
  const auto client = client_context({.name = "www.example.org", .ca = authority.pem()});
  EnginePair pair(*server, *client);
  CHECK(pair.shake_hands());
}

TEST_CASE(
    "a server whose certificate is not trusted, of another name, or too old is refused, with the reason") {
  TestAuthority authority, stranger("Another CA");
  const auto refused = [&](const CertificatePair& shown, const std::string& name, const std::string& ca) {
    const auto server = server_context(shown);
    const auto client = client_context({.name = name, .ca = ca});
    EnginePair pair(*server, *client);
    CHECK_FALSE(pair.shake_hands());
    CHECK(pair.client->fault() == TlsFault::certificate);
    CHECK(pair.server->fault() == TlsFault::told_by_peer);
    return pair.client->reason();
  };
  CHECK(refused(authority.issue(), "www.example.org", stranger.pem()).find("issuer") != std::string::npos);
  CHECK(refused(authority.issue(), "other.example.org", authority.pem()).find("ostname mismatch") !=
        std::string::npos);
  CHECK(refused(authority.issue(), "127.0.0.1", authority.pem()).find("IP address mismatch") !=
        std::string::npos);
  CHECK(refused(authority.issue({.from_days = -9, .until_days = -1}), "www.example.org", authority.pem())
            .find("expired") != std::string::npos);
}

TEST_CASE("an address is a name as well, and who verifies nothing takes anything but what is not pinned") {
  TestAuthority authority;
  const CertificatePair shown = authority.issue({.names = {"IP:127.0.0.1"}});
  const auto server = server_context(shown);
  const auto handshake = [&](tls::ClientContext::Options options) {
    const auto client = client_context(std::move(options));
    return EnginePair(*server, *client).shake_hands();
  };
  CHECK(handshake({.name = "127.0.0.1", .ca = authority.pem()}));
  CHECK(handshake({.name = "no.such.name", .verify = false}));
  const auto chain = tls::read_chain(shown.certificate);
  const std::string pin = tls::sha256_of(*std::get<tls::CertificateChain>(chain).leaf);
  CHECK(handshake({.name = "x", .verify = false, .pins = {std::string(64, '0'), pin}}));
  CHECK_FALSE(handshake({.name = "x", .verify = false, .pins = {std::string(64, '0')}}));
}

TEST_CASE("clients show a certificate when they must, and may when they can") {
  TestAuthority authority, stranger("Another CA");
  const CertificatePair alice = authority.issue({.common_name = "alice",
                                                 .organization = "Example",
                                                 .names = {"email:alice@example.org", "URI:spiffe://a/b"}});
  const auto handshake = [&](tls::ClientAuth auth, const CertificatePair& own) {
    tls::ServerContext::Options options = with({authority.issue()});
    options.client_auth = auth;
    options.client_ca = authority.pem();
    const auto server = server_context(std::move(options));
    const auto client = client_context(
        {.name = "www.example.org", .ca = authority.pem(), .own = {own.certificate, own.key, {}}});
    EnginePair pair(*server, *client);
    pair.pump();
    return pair.server->state() == State::open
               ? pair.server->peer_names()
               : std::vector<std::string>{std::string(name_of(pair.server->fault()))};
  };
  using Names = std::vector<std::string>;
  CHECK(handshake(tls::ClientAuth::required, alice) ==
        Names{"CN=alice,O=Example", "CN=alice", "email:alice@example.org", "URI:spiffe://a/b"});
  CHECK(handshake(tls::ClientAuth::required, {}) == Names{"certificate"});
  CHECK(handshake(tls::ClientAuth::optional, {}) == Names{});
  CHECK(handshake(tls::ClientAuth::optional, stranger.issue()) == Names{"certificate"});
}

TEST_CASE("the best application protocol that both speak is chosen, and who speaks none of them is refused") {
  TestAuthority authority;
  tls::ServerContext::Options options = with({authority.issue()});
  options.protocols = {"h2", "http/1.1"};
  const auto server = server_context(std::move(options));
  const auto protocol = [&](std::vector<std::string> offered) {
    const auto client =
        client_context({.name = "www.example.org", .ca = authority.pem(), .protocols = std::move(offered)});
    EnginePair pair(*server, *client);
    pair.pump();
    return pair.server->state() == State::open ? std::string(pair.server->protocol())
                                               : std::string(name_of(pair.server->fault()));
  };
  CHECK(protocol({"http/1.1", "h2"}) == "h2");
  CHECK(protocol({"http/1.1"}) == "http/1.1");
  CHECK(protocol({}) == "");
  CHECK(protocol({"redis"}) == "no_agreement");
}

TEST_CASE(
    "sessions are resumed at any worker with the keys, for as long as keys last, and by this listener "
    "alone") {
  TestAuthority authority;
  tls::TicketKeys keys;
  const CertificatePair shown = authority.issue();
  const auto worker = [&](const std::string& id) {
    tls::ServerContext::Options options = with({shown});
    options.id = id;
    options.tickets = &keys;
    return server_context(std::move(options));
  };
  const auto client = client_context({.name = "www.example.org", .ca = authority.pem()});
  const auto resumed = [&](const tls::ServerContext& server) {
    EnginePair pair(server, *client);
    REQUIRE(pair.shake_hands());
    pair.pump();
    pair.client->close();  // a session that was cut off is not resumed
    CHECK(pair.client->resumed() == pair.server->resumed());
    return pair.server->resumed();
  };
  const auto first = worker("media"), second = worker("media"), other = worker("other");
  CHECK_FALSE(resumed(*first));
  CHECK(resumed(*second));
  keys.rotate_if_due(1);
  keys.rotate_if_due(2 + tls::TicketKeys::kRotateSeconds);
  CHECK(resumed(*first));  // by an older key
  CHECK_FALSE(resumed(*other));
  CHECK(resumed(*other));
  for (int i = 2; i < 6; ++i) keys.rotate_if_due(i * (1 + tls::TicketKeys::kRotateSeconds));
  CHECK_FALSE(resumed(*other));
}

TEST_CASE("a ticket that comes when the client's context is gone does no harm") {
  TestAuthority authority;
  tls::TicketKeys keys;
  tls::ServerContext::Options options = with({authority.issue()});
  options.tickets = &keys;
  const auto server = server_context(std::move(options));
  auto client = client_context({.name = "www.example.org", .ca = authority.pem()});
  EnginePair pair(*server, *client);
  const auto hand_over = [](std::string& from, tls::TlsEngine& to) {
    const std::string bytes = std::exchange(from, "");
    auto wire = std::as_bytes(std::span(bytes));
    std::array<std::byte, 1000> room;
    while (!wire.empty()) to.read(wire, room);
  };
  hand_over(pair.to_server, *pair.server);
  hand_over(pair.to_client, *pair.client);
  hand_over(pair.to_server, *pair.server);
  REQUIRE(pair.client->state() == State::open);
  REQUIRE(!pair.to_client.empty());  // the ticket
  client.reset();
  hand_over(pair.to_client, *pair.client);
  CHECK(pair.client->state() == State::open);
}

TEST_CASE("bytes that are no TLS end the handshake, and the other side hears of it") {
  TestAuthority authority;
  const auto server = server_context(authority.issue());
  for (const std::string& bytes : {std::string("GET / HTTP/1.1\r\n\r\n"), std::string(300, '\0'),
                                   std::string("\x16\x03\x01\x00\x05xxxxx", 10), std::string(3000, '\xff')}) {
    const auto engine = tls::TlsEngine::accept(*server);
    std::string told;
    engine->send_to(
        [](void* to, std::span<const std::byte> more) {
          static_cast<std::string*>(to)->append(more.size(), 'x');
        },
        &told);
    auto wire = std::as_bytes(std::span(bytes));
    std::array<std::byte, 100> room;
    CHECK(engine->read(wire, room) == 0);
    CHECK(engine->state() == State::failed);
    CHECK(engine->reason() != "");
  }
}

TEST_CASE("less than the head of a record that cannot be one ends the handshake at once, at either end") {
  TestAuthority authority;
  const auto server = server_context(authority.issue());
  const auto client = client_context({.name = "localhost", .verify = false});
  const auto fed = [](tls::TlsEngine& engine, std::string_view bytes) {
    std::string told;
    engine.send_to(
        [](void* to, std::span<const std::byte> more) {
          static_cast<std::string*>(to)->append(reinterpret_cast<const char*>(more.data()), more.size());
        },
        &told);
    auto wire = std::as_bytes(std::span(bytes));
    std::array<std::byte, 100> room;
    CHECK(engine.read(wire, room) == 0);
    CHECK(wire.empty());
    return told;
  };
  const auto listener = tls::TlsEngine::accept(*server);
  CHECK(fed(*listener, "V5") == std::string("\x15\x03\x01\x00\x02\x02\x0a", 7));
  CHECK(listener->state() == State::failed);
  CHECK(listener->fault() == tls::TlsFault::not_tls);
  CHECK(listener->reason() == "what came is no record of TLS: 56 35");
  const auto caller = tls::TlsEngine::connect(*client);
  CHECK(fed(*caller, "!1") == "");
  CHECK(caller->fault() == tls::TlsFault::not_tls);
  for (const std::string_view begun : {"\x16\x03", "\x80"}) {
    const auto patient = tls::TlsEngine::accept(*server);
    CHECK(fed(*patient, begun) == "");
    CHECK(patient->state() == State::handshaking);
  }
}

TEST_CASE("a response of OCSP goes with the certificate it is for") {
  TestAuthority authority;
  const CertificatePair shown = authority.issue();
  CHECK(tls::ocsp_fault(authority.ocsp_for(shown)) == "");
  CHECK(tls::ocsp_fault("nonsense") == "it is no OCSP response (DER is expected)");
}

TEST_CASE("certificates and keys are read, compared and told apart from what they are not") {
  TestAuthority authority;
  const CertificatePair one = authority.issue({.names = {"DNS:b.org", "DNS:A.org"}}),
                        other = authority.issue();
  const auto chain = tls::read_chain(one.certificate + authority.pem());
  const X509& leaf = *std::get<tls::CertificateChain>(chain).leaf;
  CHECK(std::get<tls::CertificateChain>(chain).issuers.size() == 1);
  CHECK(tls::names_of(leaf) == std::vector<std::string>{"a.org", "b.org"});
  CHECK(tls::belongs_to(*std::get<0>(tls::read_key(one.key)), leaf));
  CHECK_FALSE(tls::belongs_to(*std::get<0>(tls::read_key(other.key)), leaf));
  CHECK(tls::valid_until(leaf) - tls::valid_from(leaf) == 31 * 24 * 3600);
  CHECK(std::get<std::string>(tls::read_chain("")) == "there is no certificate in it (PEM is expected)");
  CHECK(std::get<std::string>(tls::read_key(one.certificate)) ==
        "there is no private key in it (PEM is expected)");
  CHECK(
      std::get<std::string>(tls::read_chain("-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n"))
          .starts_with("a certificate in it cannot be read"));
  CHECK(tls::date_text(0) == "1970-01-01 00:00 UTC");
}

TEST_CASE("an error that somebody else has left in this thread is none of a connection's") {
  TestAuthority authority;
  const auto server = server_context(authority.issue());
  const auto client = client_context({.name = "www.example.org", .ca = authority.pem()});
  EnginePair pair(*server, *client);
  REQUIRE(pair.shake_hands());
  CHECK(EnginePair::say(*pair.client, "first"));
  leave_tls_error();
  pair.pump();  // to the end: what there is to read ends with a call that has none
  CHECK(pair.server->state() == State::open);
  CHECK(pair.at_server == "first");
  leave_tls_error();
  CHECK(EnginePair::say(*pair.client, "second"));
  leave_tls_error();
  pair.client->close();
  leave_tls_error();
  pair.pump();
  CHECK(pair.at_server == "firstsecond");
  CHECK(pair.server->state() == State::ended);
}
