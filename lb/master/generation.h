// A configuration and all that the processes started with it are given. Master process.
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "lb/config/config.h"
#include "lb/config/room.h"
#include "lb/config/source.h"
#include "lb/master/listen_sockets.h"
#include "lb/process/heritage.h"

namespace finishline::master {

struct Generation {
  std::uint32_t number = 0;
  config::Source source;
  config::Config config;                    // what `source` says
  process::CredentialFiles listener_files;  // of TLS
  process::CredentialFiles server_files;
  process::CredentialFiles admin_files;
  process::Heritage heritage;  // refers to all of these: a generation stays where it was made

  Generation(std::uint32_t its_number, config::Source its_source, config::Config its_config,
             ledger::Ledger& ledger)
      : number(its_number),
        source(std::move(its_source)),
        config(std::move(its_config)),
        heritage{.config = config,
                 .ledger = ledger,
                 .source = &source,
                 .listener_files = &listener_files,
                 .server_files = &server_files,
                 .admin_files = &admin_files} {}
  Generation(const Generation&) = delete;
  Generation& operator=(const Generation&) = delete;
  /// In a child that has no use for them.
  void forget_secrets() {
    heritage.admin_token = heritage.peers_password = process::Secret();
    heritage.alert_secrets = {};
    admin_files.forget();
  }
};

/// Gets all that `config` needs: sockets, ledger rows, the admin token, a limit of open files. Otherwise the
/// reason, fit for a user, and nothing has changed.
/// `oldest` is the earliest generation that still has workers.
std::variant<std::unique_ptr<Generation>, std::string> make_generation(
    std::uint32_t number, std::uint32_t oldest, config::Source source, config::Config config,
    ListenSockets& sockets, ledger::Ledger& ledger);

/// "revision 3, 2 workers, 1 listeners, 5 servers".
std::string summary_of(const Generation& generation);

/// Whether the files of TLS that `wanted` names are those that this generation has, untouched since: those of
/// workers, of servers alone, and those of control.
bool same_credentials(const Generation& generation, const config::Config& wanted);
bool same_server_credentials(const Generation& generation, const config::Config& wanted);
bool same_control_credentials(const Generation& generation, const config::Config& wanted);

/// The row of each server, made where there is none; or the reason why not, and nothing has changed.
std::variant<std::vector<ledger::ServerId>, std::string> ensure_rows(const config::Config& config,
                                                                     ledger::Ledger& ledger);
/// The rows that are there for servers which a look-up brings. Any process.
config::Room room_in(const ledger::Ledger& ledger);
/// The row of each pool, made where there is none; or the reason why not.
std::variant<std::vector<ledger::PoolId>, std::string> ensure_pool_rows(
    const config::Config& config, ledger::Ledger& ledger, const ledger::Generations& generations);
/// The policies that the file names are in force, where no operator has chosen others since.
void configure_policies(const Generation& generation, ledger::Ledger& ledger);
/// Of the first configuration of a new ledger: these policies, and then what operators had ordered before.
void begin_orders(const Generation& generation, ledger::Ledger& ledger);
/// Servers that `config` does not have are absent from now on.
void retire_rows(const config::Config& config, ledger::Ledger& ledger);

}  // namespace finishline::master
