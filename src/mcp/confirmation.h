// The confirmation token: what a person reads off and an agent must be told before a memory becomes
// lasting. One a process; never in a message, never in a log.
#pragma once

#include <mutex>
#include <string>

#include "base/result.h"
#include "base/time.h"
#include "mcp/arguments.h"

namespace cortex::mcp {

class Confirmation {
 public:
  static constexpr std::size_t kTokenSize = 6;  // of A-Z and 0-9, each equally likely
  static constexpr int kWrongTriesMax = 5;      // then no token is taken until a restart

  // With `auto_commit` the argument must be there, but its value is not looked at.
  Confirmation(Random& random, bool auto_commit);

  const std::string& token() const { return token_; }
  bool auto_commit() const { return auto_commit_; }
  // The argument `confirmation_token`: there, a string, not empty, equal (in constant time). Safe
  // for all threads.
  Status check(const Arguments& arguments);

 private:
  std::string token_;
  bool auto_commit_;
  std::mutex mutex_;
  int wrong_tries_ = 0;
};

}  // namespace cortex::mcp
