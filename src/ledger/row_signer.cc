#include "ledger/row_signer.h"

#include <algorithm>
#include <utility>

#include "base/text.h"
#include "ledger/row_stream.h"
#include "ledger/signed_row.h"

namespace cortex::ledger {
namespace {

constexpr std::uint64_t kLookBytes = 1U << 20;
constexpr std::uint64_t kBorderBytes = 4096;  // most rows are shorter

// The first line border at or behind `offset`, or the end.
Result<std::uint64_t> line_border(fs::File& file, std::uint64_t offset, std::uint64_t size_bytes) {
  if (offset == 0) return std::uint64_t{0};
  for (std::string bytes; offset < size_bytes; offset += bytes.size()) {
    bytes.resize(static_cast<std::size_t>(std::min(size_bytes - offset, kBorderBytes)));
    CORTEX_ASSIGN(const std::size_t got, file.read_at(offset, bytes));
    if (got == 0) break;
    bytes.resize(got);
    const std::size_t newline = bytes.find('\n');
    if (newline != std::string::npos) return offset + newline + 1;
  }
  return size_bytes;
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
  CORTEX_ASSIGN(const std::uint64_t near,
                line_border(file, size_bytes - std::min(size_bytes, kLookBytes), size_bytes));
  CORTEX_ASSIGN(auto last, find_behind(file, near, size_bytes));
  if (!last && near > 0) {
    CORTEX_ASSIGN(last, find_behind(file, 0, near));
  }
  return last.value_or(LastSigned{});
}

Result<RowSigner> RowSigner::open(crypto::SigningKey key, std::string ledger_id, Clock& clock,
                                  fs::File& file, std::uint64_t size_bytes) {
  CORTEX_ASSIGN(const LastSigned last, find_last_signed(file, size_bytes));
  if (!last.active_key_id.empty() && last.active_key_id != key.key_id()) {
    return make_error(Code::kPrecondition,
                      cat("the rows of this ledger are signed by the key ",
                          printable(last.active_key_id), ", not by ", key.key_id()),
                      "nothing was written",
                      "sign with that key; `cortex key rotate` hands over to another one",
                      kSignerNotActiveToken);
  }
  return RowSigner(std::move(key), std::move(ledger_id), clock, last.lineage);
}

void RowSigner::sign(core::Event& event, std::optional<Timestamp> signed_at) {
  lineage_ = sign_row(event, key_, ledger_id_, lineage_, signed_at.value_or(clock_->now()));
}

}  // namespace cortex::ledger
