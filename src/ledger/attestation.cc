#include "ledger/attestation.h"

#include <algorithm>
#include <span>

#include "base/fs/fs.h"
#include "base/text.h"
#include "ledger/length_prefix.h"

namespace cortex::ledger {
namespace {

constexpr char kAttestationDomain = 0x10;
constexpr char kRotationDomain = 0x11;
constexpr char kPositionTag = 0x01;
constexpr char kLineageTag = 0x02;

void append_source(std::string& out, const Attested& what) {
  append_sized(out, core::source_type_text(what.source));
  if (what.source == core::SourceType::kChildAgent) {
    append_sized(out, what.agent_id);
    append_sized(out, what.parent_session_id);
    append_sized(out, what.delegation_id);
    append_sized(out, what.source_name);
  } else if (what.source == core::SourceType::kTool) {
    append_sized(out, what.source_name);
  }
}

void append_lineage(std::string& out, const std::variant<ChainPosition, Lineage>& lineage) {
  if (const auto* position = std::get_if<ChainPosition>(&lineage)) {
    out.push_back(kPositionTag);
    append_big_endian(out, std::uint64_t{sizeof *position});
    append_big_endian(out, *position);
    return;
  }
  out.push_back(kLineageTag);
  std::array<char, 64> hex;
  to_hex(std::get<Lineage>(lineage), hex.data());
  append_sized(out, {hex.data(), hex.size()});
}

std::string_view bytes_of_key(const crypto::PublicKey& key) {
  return {reinterpret_cast<const char*>(key.data()), key.size()};
}

}  // namespace

void attestation_preimage(const Attested& what, std::string& out) {
  out.assign(1, kAttestationDomain);
  append_big_endian(out, kAttestationVersion);
  append_source(out, what);
  append_sized(out, what.event_id);
  append_sized(out, what.payload_hash);
  append_sized(out, what.session_id);
  append_sized(out, what.ledger_id);
  append_lineage(out, what.lineage);
  append_sized(out, format_rfc3339_micros(what.signed_at));
  append_sized(out, what.key_id);
}

std::string rotation_preimage(const crypto::PublicKey& old_key, const crypto::PublicKey& new_key,
                              Timestamp signed_at) {
  std::string out(1, kRotationDomain);
  append_big_endian(out, kAttestationVersion);
  append_sized(out, bytes_of_key(old_key));
  append_sized(out, bytes_of_key(new_key));
  append_sized(out, format_rfc3339_micros(signed_at));
  return out;
}

Lineage lineage_of(const crypto::Signature& signature) {
  Lineage out;
  std::copy_n(signature.begin(), out.size(), out.begin());
  return out;
}

std::string ledger_id_of(std::string_view ledger_path, std::string_view fallback) {
  std::string name = fs::name_of(ledger_path);
  const std::size_t dot = name.rfind('.');
  if (dot != std::string::npos && dot > 0) name.resize(dot);
  return is_valid_utf8(name) && !name.empty() ? name : std::string(fallback);
}

}  // namespace cortex::ledger
