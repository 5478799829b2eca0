#include "ledger/row_stream.h"

namespace cortex::ledger {

Result<const core::DecodedEvent*> RowStream::next() {
  for (;;) {
    if (const core::DecodedEvent* row = rows_.next()) return row;
    if (rows_.fault()) return row_error(*rows_.fault());
    CORTEX_ASSIGN(const bool more, reader_.next(chunk_));
    if (!more) return nullptr;
    rows_.restart(chunk_.bytes, chunk_.offset);
  }
}

}  // namespace cortex::ledger
