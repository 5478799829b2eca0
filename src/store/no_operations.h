// A projector that knows no operation, for tests that mirror ledgers without any.
#pragma once

#include "store/operation.h"

namespace cortex::store {

class NoOperations final : public Projector {
 public:
  Result<bool> apply(sqlite::Connection&, const OperationRow&) override { return false; }
};

inline NoOperations& no_operations() {
  static NoOperations instance;
  return instance;
}

}  // namespace cortex::store
