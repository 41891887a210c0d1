// What all workers share for TLS, whatever their generation: the keys of session tickets, and the board on
// which they write what certificates they show. Master process.
#pragma once

#include <initializer_list>

#include "lb/master/generation.h"
#include "lb/tls/certificate_board.h"
#include "lb/tls/ticket_keys.h"

namespace finishline::master {

class TlsShared {
 public:
  void give_to(Generation& made) {
    made.heritage.ticket_keys = &ticket_keys_;
    made.heritage.certificates = &certificates_;
  }
  /// In a child that serves no clients: what their TLS stands on is none of its business.
  void forget(std::initializer_list<Generation*> generations) {
    ticket_keys_.forget();
    for (Generation* generation : generations)
      if (generation != nullptr) generation->listener_files.forget();
  }
  void rotate_if_due(Instant now) { ticket_keys_.rotate_if_due(now.time_since_epoch() / 1s); }

 private:
  tls::TicketKeys ticket_keys_;
  tls::CertificateBoard certificates_;
};

}  // namespace finishline::master
