// Documents beside and inside bundles that other programs may have written: descriptions of
// increments and their pages, lists of encrypted bundles, block lists, signed intents, takeover
// attestations, lock markers. A refusal has a specified code and a printable text; what is accepted
// is bounded by what is there.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/text.h"
#include "bundle/block_file.h"
#include "bundle/increment.h"
#include "bundle/inventory.h"
#include "bundle/restore_intent.h"
#include "bundle/sealed.h"
#include "crypto/ed25519.h"
#include "fuzz/memory_fs.h"
#include "fuzz/require.h"

namespace {

using cortex::Code;
using cortex::Error;
using cortex::bundle::FileDigest;
using cortex::fuzz::require;

void check_refusal(const Error& error) {
  require(error.code == Code::kPrecondition || error.code == Code::kSchema ||
          error.code == Code::kQuarantined || error.code == Code::kInternal);
  require(!error.message.empty() && cortex::fuzz::is_printable(error.text()));
}

void check_increment(const std::string& text) {
  cortex::fuzz::MemoryFileSystem fs;
  fs.files["b/cortex_increment.json"] = text;
  // Parts of the sizes that the text names, where they are small.
  const auto document = cortex::json::parse(text);
  for (const auto& [name, key] :
       {std::pair{"b/cortex.db.pages", "pages"}, std::pair{"b/events.jsonl.part", "ledger_part"}}) {
    const auto* part = document.ok() ? document->find(key) : nullptr;
    const std::uint64_t size = part != nullptr ? part->find_unsigned("size_bytes").value_or(0) : 0;
    fs.files[name] =
        std::string(static_cast<std::size_t>(std::min<std::uint64_t>(size, 1U << 16U)), '\1');
  }
  const auto facts = cortex::bundle::read_increment(fs, "b");
  if (!facts.ok()) return check_refusal(facts.error());
  require(facts->increment.pages.size_bytes == fs.files["b/cortex.db.pages"].size());
  const std::string again =
      cortex::json::write_pretty(cortex::bundle::increment_document(facts->increment));
  fs.files["b/cortex_increment.json"] = again;
  require(cortex::bundle::read_increment(fs, "b").ok());
  // The pages by themselves: numbers in order, or a refusal.
  cortex::bundle::Chain chain;
  chain.base_dir = "b";
  chain.base.store.name = "cortex.db.pages";
  chain.links.push_back({"b", *facts});
  auto pages = cortex::bundle::ChainPages::open(fs, chain);
  if (!pages.ok()) return check_refusal(pages.error());
  std::string page(static_cast<std::size_t>(pages->page_bytes()), '\0');
  const auto read = pages->read(1, page);
  if (!read.ok()) check_refusal(read.error());
}

void check_sealed(const std::string& text) {
  cortex::fuzz::MemoryFileSystem fs;
  fs.files["b/cortex_encrypted_bundle.json"] = text;
  const auto members = cortex::bundle::read_sealed(fs, "b");
  if (!members.ok()) return check_refusal(members.error());
  for (const auto& member : *members) {
    require(member.name.find('/') == std::string::npos && member.name.ends_with(".age"));
  }
}

void check_blocks(const std::string& text) {
  cortex::fuzz::MemoryFileSystem fs;
  fs.files["b.blocks"] = text;
  cortex::bundle::ManifestFacts manifest;
  manifest.store = {"cortex.db", 5, "blake3:s"};
  manifest.ledger = {"events.jsonl", (2U << 20U) + 1, "blake3:l"};
  const auto members = cortex::bundle::read_block_file(fs, "b", manifest);
  if (!members) return;
  require(members->size() == 2 && (*members)[0].values.empty() && (*members)[1].values.size() == 2);
}

void check_signed(const std::string& text) {
  cortex::fuzz::MemoryFileSystem fs;
  cortex::crypto::Seed seed;
  seed.fill(7);
  const cortex::crypto::SigningKey key(seed);
  const cortex::crypto::Signature signature = key.sign(text);
  fs.files["intent"] = text;
  fs.files["signature"] = std::string(signature.begin(), signature.end());
  const auto intent = cortex::bundle::read_intent(fs, "intent", "signature", key.public_key());
  if (intent.ok()) {
    require(intent->intent.operator_principal_id ==
            cortex::bundle::operator_principal_id(key.public_key()));
  } else {
    require(intent.error().code == Code::kQuarantined);
    check_refusal(intent.error());
  }
  const auto takeover = cortex::bundle::read_takeover(fs, "intent", "signature", key.public_key(),
                                                      {"d", {1, {}}, {1'767'268'800, 0}});
  if (!takeover.ok()) check_refusal(takeover.error());
  const auto marker = cortex::bundle::read_marker(fs, "intent");
  if (!marker.ok()) check_refusal(marker.error());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string text(reinterpret_cast<const char*>(data), size);
  check_increment(text);
  check_sealed(text);
  check_blocks(text);
  check_signed(text);
  return 0;
}
