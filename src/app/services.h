// What every use case needs from outside: the file system, the clock, randomness and the network.
// References live as long as the operation at least.
#pragma once

#include <atomic>
#include <cstdint>
#include <stop_token>

#include "base/fs/fs.h"
#include "base/time.h"
#include "net/http.h"

namespace cortex::app {

struct Services {
  fs::FileSystem& fs;
  Clock& clock;
  Random& random;
  net::Http& http = net::system_http();
  // Calls the operation off (base/stop.h). Rows of the ledger are written whole or not at all: the
  // token is looked at before the first of them, not among them.
  std::stop_token stop{};
  std::atomic<std::uint64_t>* recorded = nullptr;  // counts ledger rows once they are synced

  void count_recorded(std::uint64_t rows) const {
    if (recorded != nullptr) *recorded += rows;
  }
};

}  // namespace cortex::app
