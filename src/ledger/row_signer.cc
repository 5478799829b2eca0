#include "ledger/row_signer.h"

#include <algorithm>
#include <utility>

#include "base/text.h"
#include "ledger/row_stream.h"
#include "ledger/signed_row.h"

namespace cortex::ledger {
namespace {

// How far back is looked, before the whole file is.
constexpr std::uint64_t kLookBytes[] = {64U << 10, 1U << 20};

// The first line border at or behind `offset`, or the end.
Result<std::uint64_t> line_border(fs::File& file, std::uint64_t offset, std::uint64_t size_bytes) {
  constexpr std::uint64_t kBlockBytes = 4096;
  std::string bytes;
  while (offset > 0 && offset < size_bytes) {
    bytes.resize(std::min(kBlockBytes, size_bytes - offset));
    CORTEX_ASSIGN(const std::size_t got, file.read_at(offset, bytes));
    const std::size_t newline = std::string_view(bytes).substr(0, got).find('\n');
    if (newline != std::string::npos) return offset + newline + 1;
    if (got < bytes.size()) return size_bytes;
    offset += got;
  }
  return offset;
}

std::string active_after(const core::DecodedEvent& row) {
  const std::string& printed = row.event.signature->key_id;
  const auto rotation = parse_rotation(row.event, row.raw_payload, row.payload_depth);
  if (!rotation || crypto::key_id(rotation->old_key) != printed ||
      rotation_fault(*rotation, rotation->old_key)) {
    return printed;
  }
  return crypto::key_id(rotation->new_key);
}

Result<std::optional<LastSigned>> find_behind(fs::File& file, std::uint64_t offset,
                                              std::uint64_t size_bytes) {
  std::optional<LastSigned> last;
  RowStream rows(file, offset, size_bytes);
  for (;;) {
    CORTEX_ASSIGN(const core::DecodedEvent* row, rows.next());
    if (row == nullptr) return last;
    if (!row->event.signature) continue;
    const auto signature = parse_signature(row->event.signature->bytes);
    if (!signature) continue;  // verification leaves the lineage as it is, too
    last = LastSigned{lineage_of(*signature), active_after(*row)};
  }
}

}  // namespace

Result<LastSigned> find_last_signed(fs::File& file, std::uint64_t size_bytes) {
  std::uint64_t end = size_bytes;  // of what was not looked at yet
  for (const std::uint64_t look : kLookBytes) {
    CORTEX_ASSIGN(const std::uint64_t begin,
                  line_border(file, size_bytes - std::min(size_bytes, look), size_bytes));
    CORTEX_ASSIGN(const auto last, find_behind(file, begin, end));
    if (last) return *last;
    end = begin;
  }
  CORTEX_ASSIGN(const auto last, find_behind(file, 0, end));
  return last.value_or(LastSigned{});
}

Result<RowSigner> RowSigner::open(crypto::SigningKey key, std::string ledger_id, Clock& clock,
                                  fs::File& file, std::uint64_t size_bytes) {
  CORTEX_ASSIGN(const LastSigned last, find_last_signed(file, size_bytes));
  if (!last.active_key_id.empty() && last.active_key_id != key.key_id()) {
    Error error = make_error(Code::kPrecondition,
                             cat("the rows of this ledger are signed by the key ",
                                 printable(last.active_key_id), ", not by ", key.key_id()));
    error.token = kSignerNotActiveToken;
    error.unchanged = "nothing was written";
    error.next = "sign with that key; `cortex key rotate` hands over to another one";
    return error;
  }
  return RowSigner(std::move(key), std::move(ledger_id), clock, last.lineage);
}

void RowSigner::sign(core::Event& event, std::optional<Timestamp> signed_at) {
  lineage_ = sign_row(event, key_, ledger_id_, lineage_, signed_at.value_or(clock_->now()));
}

}  // namespace cortex::ledger
