#include "ledger/chain.h"

#include "crypto/digest.h"
#include "json/cursor.h"
#include "ledger/boundary.h"
#include "ledger/length_prefix.h"
#include "ledger/own_row.h"

namespace cortex::ledger {
namespace {

constexpr char kEventHashDomain = 0x01;
constexpr char kRowHashDomain = 0x30;
constexpr std::string_view kOperationMember = "\"cortex_operation\":";

void append_prefixed(std::string& out, std::string_view text) {
  std::uint64_t size = text.size();
  for (int i = 0; i < 8; ++i, size >>= 8) out.push_back(static_cast<char>(size & 0xFF));
  out.append(text);
}

}  // namespace

void event_hash_preimage(const std::optional<std::string>& prev, std::string_view payload_hash,
                         std::string& out) {
  out.assign(1, kEventHashDomain);
  append_prefixed(out, prev ? std::string_view(*prev) : std::string_view());
  append_prefixed(out, payload_hash);
}

std::string event_hash(const std::optional<std::string>& prev, std::string_view payload_hash) {
  std::string preimage;
  event_hash_preimage(prev, payload_hash, preimage);
  return crypto::blake3_hex(preimage);
}

void seal(core::Event& event, const std::optional<std::string>& head) {
  event.payload_hash = crypto::blake3_hex(event.payload);
  event.prev_event_hash = head;
  event.event_hash = event_hash(head, event.payload_hash);
}

crypto::HexDigest row_hash(crypto::Blake3& hasher, std::string_view previous,
                           std::string_view body) {
  constexpr std::string_view kEnd = "}";
  std::string lengths(1, kRowHashDomain);
  append_sized(lengths, previous);
  append_big_endian(lengths, std::uint64_t{body.size() + kEnd.size()});
  hasher.reset();
  hasher.update(lengths);
  hasher.update(body);
  hasher.update(kEnd);
  return crypto::hex_digest(hasher.finish());
}

bool begins_coverage(const core::Event& event) {
  return is_own_row(event) && event.payload.find(kOperationMember) != std::string::npos;
}

bool is_boundary(const core::Event& event, std::string_view payload) {
  if (event.schema_version != 2 || event.type != core::EventType::kSystemNote) return false;
  // Cheap and nearly always enough; an escape may hide the text.
  if (payload.find(kBoundaryKind) == std::string_view::npos &&
      payload.find('\\') == std::string_view::npos) {
    return false;
  }
  json::Cursor cursor(payload, 0, 1);
  if (cursor.peek() != json::Type::kObject || !cursor.enter_object()) return false;
  bool found = false;
  std::string_view key;
  std::string scratch;
  while (cursor.next_member(key)) {
    if (key == "kind") found = false;  // of a repeated member the last one counts
    if (key == "kind" && cursor.peek() == json::Type::kString) {
      std::string_view kind;
      if (!cursor.read_string(kind, scratch)) return false;
      found = kind == kBoundaryKind;
    } else if (!cursor.skip_value()) {
      return false;
    }
  }
  return found;
}

}  // namespace cortex::ledger
