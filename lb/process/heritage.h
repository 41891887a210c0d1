// All that a child receives across the fork. A child is a function of its heritage.
#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

#include "lb/config/config.h"
#include "lb/config/source.h"
#include "lb/ledger/ledger.h"
#include "lb/ledger/pool_row.h"
#include "lb/process/credential_files.h"
#include "lb/process/doorbell.h"
#include "lb/process/secret.h"

namespace finishline::tls {
class CertificateBoard;
class TicketKeys;
}  // namespace finishline::tls

namespace finishline::process {

/// A bound, listening socket; the descriptor belongs to the master and is inherited.
struct ListenSocket {
  int fd = -1;
  std::size_t listener = 0;  // position in Config::listeners
};

/// Of those who are told of alerts.
struct AlertSecrets {
  Secret webhook{};  // messages are signed with it; "": they are not
  Secret mail{};     // the password of alerts.mail_user
};

struct Heritage {
  const config::Config& config;
  ledger::Ledger& ledger;
  const config::Source* source = nullptr;      // what `config` was read from; nullptr in tests of one part
  std::vector<ListenSocket> sockets{};         // one per listener, in their order
  int admin_fd = -1;                           // bound and listening; control's; -1: admin is off
  std::vector<ledger::ServerId> server_ids{};  // row of each of Config::servers, in their order
  std::vector<ledger::PoolId> pool_ids{};      // row of each of Config::pools, in their order
  Secret admin_token{};                        // control's: that changes must bring; "": none are allowed
  AlertSecrets alert_secrets{};                // control's, too
  Secret peers_password{};                     // the peer process's
  const CredentialFiles* listener_files = nullptr;  // of TLS: workers'
  const CredentialFiles* server_files = nullptr;    // of TLS to servers
  const CredentialFiles* admin_files = nullptr;     // of TLS: control's
  const tls::TicketKeys* ticket_keys = nullptr;     // workers'
  tls::CertificateBoard* certificates = nullptr;    // what workers show, for control to tell of
  std::uint32_t revision = 1;                       // of the configuration, see ledger/revision.h
  double taken_over_at = 0;                         // Unix seconds: by this program; 0: it was started
  const Doorbells* bells = nullptr;                 // of all workers; the master's
  ledger::WorkerId worker = 0;                      // which one this child is; meaningless in control
  int order_fd = -1;                                // this child's end of its line to the master (order.h)
};

}  // namespace finishline::process
