#include "ledger/attestation.h"

#include <gtest/gtest.h>

#include <optional>

#include "base/fs/fs.h"
#include "base/text.h"
#include "json/value.h"
#include "ledger/signed_fixture.h"

namespace cortex::ledger {
namespace {

json::Value golden(const char* name) {
  const auto text =
      fs::read_all(fs::posix(), cat(CORTEX_TEST_DATA, "/", name), std::uint64_t{1} << 20U);
  EXPECT_TRUE(text.ok()) << name;
  auto value = json::parse(*text);
  EXPECT_TRUE(value.ok());
  return std::move(value).value();
}

const std::string& text_at(const json::Value& object, const char* key) {
  return *object.find(key)->as_string();
}

template <class Array>
Array array_of(std::string_view hex) {
  Array out{};
  const auto bytes = from_hex(hex).value();
  EXPECT_EQ(bytes.size(), out.size());
  std::ranges::copy(bytes, out.begin());
  return out;
}

std::string hex_of(std::string_view bytes) {
  return to_hex(std::span(reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size()));
}

// Every kind of source with both kinds of lineage.
TEST(Attestation, GoldenPreimagesAndSignaturesAreMadeByteForByte) {
  const json::Value file = golden("trust/attestation_vectors.json");
  const crypto::SigningKey key(array_of<crypto::Seed>(text_at(file, "seed_hex")));
  const json::Array& agent = *file.find("child_agent")->as_array();
  std::size_t seen = 0;
  for (const json::Value& vector : *file.find("vectors")->as_array()) {
    Attested what;
    what.source = core::parse_source_type(text_at(vector, "source")).value();
    if (what.source == core::SourceType::kTool) what.source_name = text_at(file, "tool_name");
    if (what.source == core::SourceType::kChildAgent) {
      what.agent_id = *agent[0].as_string();
      what.parent_session_id = *agent[1].as_string();
      what.delegation_id = *agent[2].as_string();
      what.source_name = *agent[3].as_string();
    }
    what.event_id = text_at(file, "event_id");
    what.payload_hash = text_at(file, "payload_hash");
    what.session_id = text_at(file, "session_id");
    what.ledger_id = text_at(file, "ledger_id");
    what.signed_at = parse_relaxed_rfc3339(text_at(file, "signed_at")).value();
    what.key_id = text_at(file, "key_id");
    const json::Value& lineage = *vector.find("lineage");
    if (const json::Value* position = lineage.find("chain_position")) {
      what.lineage = ChainPosition{position->as_number()->u};
    } else {
      what.lineage = array_of<Lineage>(text_at(lineage, "previous_hash"));
    }
    std::string preimage;
    attestation_preimage(what, preimage);
    EXPECT_EQ(hex_of(preimage), text_at(vector, "signing_input_hex"));
    EXPECT_EQ(to_hex(key.sign(preimage)), text_at(vector, "signature_hex"));
    ++seen;
  }
  EXPECT_EQ(seen, 12U);
}

TEST(Attestation, GoldenRotationIsMadeByteForByte) {
  const json::Value file = golden("trust/attestation_vectors.json");
  const json::Value& rotation = *file.find("rotation");
  const crypto::SigningKey from(array_of<crypto::Seed>(text_at(rotation, "old_seed_hex")));
  const crypto::SigningKey to(array_of<crypto::Seed>(text_at(rotation, "new_seed_hex")));
  const Timestamp signed_at =
      parse_relaxed_rfc3339(text_at(*rotation.find("envelope_json"), "signed_at")).value();
  const std::string preimage = rotation_preimage(from.public_key(), to.public_key(), signed_at);
  EXPECT_EQ(hex_of(preimage), text_at(rotation, "signing_input_hex"));
  const std::string payload = rotation_payload(from, to.public_key(), signed_at);
  EXPECT_EQ(payload, json::canonical(json::Object{{"envelope", *rotation.find("envelope_json")},
                                                  {"kind", "identity.rotate"}}));
}

TEST(Attestation, LedgerIdIsTheFileNameWithoutItsLastExtension) {
  const std::pair<std::string, std::string> cases[] = {
      {"events.jsonl", "events"}, {"/a/b.c/a.b.jsonl", "a.b"}, {"x", "x"},
      {".jsonl", ".jsonl"},       {"d/renamed.", "renamed"},   {"\xFF.jsonl", "cortex-jsonl"},
      {"/", "cortex-jsonl"}};
  for (const auto& [path, id] : cases) {
    EXPECT_EQ(ledger_id_of(path, kSignedRowsLedgerId), id) << path;
  }
  EXPECT_EQ(ledger_id_of("\xFF.jsonl", kIngestLedgerId), "events");
}

}  // namespace
}  // namespace cortex::ledger
