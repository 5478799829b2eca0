// The hash chain against the vectors of docs/formats.md, which are read from the document itself.
#include "ledger/chain.h"

#include <gmock/gmock.h>

#include "crypto/digest.h"
#include "ledger/ledger_fixture.h"

namespace cortex::ledger {
namespace {

using testing::SizeIs;

const std::string& document() {
  static const std::string text =
      fs::read_all(fs::posix(), CORTEX_TEST_DATA "/../../docs/formats.md", 4U << 20U).value();
  return text;
}

// The lines of the fenced block with this name.
std::vector<std::string> block_lines(std::string_view name) {
  std::vector<std::string> lines;
  bool inside = false;
  for (const std::string_view line : split(document(), '\n')) {
    if (inside && line == "```") return lines;
    if (inside) lines.emplace_back(line);
    inside = inside || line == cat("```", name);
  }
  ADD_FAILURE() << "docs/formats.md has no block " << name;
  return {};
}

// Wrapped lines of a text block are joined with nothing in between.
std::string vector_text(std::string_view name) {
  std::string out;
  for (const std::string& line : block_lines(cat("text ", name))) out += line;
  EXPECT_NE(out, "");
  return out;
}

core::DecodedEvent decoded(const std::string& row) {
  json::Cursor cursor(row);
  core::DecodedEvent out;
  EXPECT_TRUE(core::decode_event(cursor, core::Dialect::kLedgerRow, out)) << cursor.fault().text();
  return out;
}

std::string digest_hex(std::string_view bytes) {
  std::string out;
  for (const char c : bytes) {
    const std::uint8_t byte[] = {static_cast<std::uint8_t>(c)};
    out += to_hex(byte);
  }
  return out;
}

class DocumentTest : public testing::TestWithParam<int> {
 protected:
  static std::string named(std::string_view name, int n) { return vector_text(cat(name, "-", n)); }
  static std::optional<std::string> head_before(int n) {
    if (n == 1) return std::nullopt;
    return named("event-hash", n - 1);
  }
  static std::string payload(int n) { return n == 1 ? "{}" : named("payload", n); }
};

INSTANTIATE_TEST_SUITE_P(Rows, DocumentTest, testing::Values(1, 2));

TEST_P(DocumentTest, PayloadHash_IsThatOfThePayloadInTheRow) {
  const std::string row = named("row", GetParam());
  const core::DecodedEvent event = decoded(row);
  EXPECT_EQ(event.raw_payload, payload(GetParam()));
  EXPECT_TRUE(event.raw_payload_is_canonical);
  EXPECT_EQ(core::canonical_payload(event.raw_payload, event.payload_depth).value(),
            payload(GetParam()));
  EXPECT_EQ(crypto::blake3_hex(payload(GetParam())), named("payload-hash", GetParam()));
  EXPECT_EQ(event.event.payload_hash, named("payload-hash", GetParam()));
}

TEST_P(DocumentTest, Preimage_IsTheOneShown) {
  std::string preimage = "what was there before is replaced";
  event_hash_preimage(head_before(GetParam()), named("payload-hash", GetParam()), preimage);
  EXPECT_EQ(digest_hex(preimage), named("preimage", GetParam()));
  EXPECT_THAT(preimage, SizeIs(GetParam() == 1 ? 81 : 145));
}

TEST_P(DocumentTest, EventHash_IsThatOfThePreimage) {
  const std::string wanted = named("event-hash", GetParam());
  EXPECT_EQ(event_hash(head_before(GetParam()), named("payload-hash", GetParam())), wanted);
  EXPECT_EQ(decoded(named("row", GetParam())).event.event_hash, wanted);
}

TEST_P(DocumentTest, Row_IsWrittenAndSealedAsShown) {
  const std::string row = named("row", GetParam());
  core::DecodedEvent event = decoded(row);
  core::Event unsealed = event.event;
  unsealed.payload = payload(GetParam());
  unsealed.payload_hash = unsealed.event_hash = "x";
  unsealed.prev_event_hash = "x";
  seal(unsealed, head_before(GetParam()));
  EXPECT_EQ(row_text(unsealed), row + "\n");
}

TEST(FormatDocument, ExampleLedger_IsSoundAndThatOfTheManifest) {
  const std::string text = cat(vector_text("row-1"), "\n", vector_text("row-2"), "\n");
  EXPECT_EQ(text.size(), 1065U);
  TextFile file(text);
  const auto report = verify_chain(file, text.size());
  ASSERT_TRUE(report.ok());
  EXPECT_TRUE(report->closed());
  EXPECT_EQ(report->rows, 2U);
  EXPECT_EQ(report->head, vector_text("event-hash-2"));
  std::string manifest;
  for (const std::string& line : block_lines("json manifest")) manifest += line;
  EXPECT_NE(manifest.find(cat("\"jsonl_mirror_blake3\": \"",
                              crypto::prefixed_hex(crypto::blake3(text)), "\"")),
            std::string::npos);
}

TEST(FormatDocument, PayloadHashTable_Holds) {
  int rows = 0;
  bool inside = false;
  for (const std::string_view line : split(document(), '\n')) {
    if (inside && line.empty()) break;
    if (inside && line.starts_with("| `")) {
      const auto parts = split(line, '`');
      ASSERT_THAT(parts, SizeIs(5)) << line;
      EXPECT_EQ(crypto::blake3_hex(parts[1]), parts[3]) << line;
      ++rows;
    }
    inside = inside || line == "| Payload | `payload_hash` |";
  }
  EXPECT_GE(rows, 5);
}

TEST(FormatDocument, BoundaryPayload_IsRecognised) {
  std::string payload;
  for (const std::string_view line : split(document(), '\n')) {
    if (line.starts_with("{\"kind\":\"schema_migration.v1_to_v2\"") || !payload.empty()) {
      payload += trim(line);
      if (line.ends_with("}}")) break;
    }
  }
  EXPECT_TRUE(is_boundary(sample_event(1), payload)) << payload;
}

TEST(Seal, FirstRow_HasNoPredecessor) {
  core::Event event = sample_event(1);
  event.prev_event_hash = "left over";
  seal(event, std::nullopt);
  EXPECT_EQ(event.prev_event_hash, std::nullopt);
}

TEST(Seal, NothingButPayloadAndPredecessor_IsCovered) {
  core::Event one = sample_event(1), other = sample_event(1);
  other.id = {7, 7};
  other.schema_version = 1;
  other.observed_at = {5, 5};
  other.source = {core::SourceType::kTool, "x"};
  other.type = core::EventType::kDecision;
  other.session_id.reset();
  other.domain_tags = {"x"};
  seal(one, std::nullopt);
  seal(other, std::nullopt);
  EXPECT_EQ(one.event_hash, other.event_hash);
  seal(other, one.event_hash);
  EXPECT_NE(one.event_hash, other.event_hash);
}

TEST(EventHash, EmptyPredecessor_CountsAsNone) {
  EXPECT_EQ(event_hash("", "a"), event_hash(std::nullopt, "a"));
  EXPECT_NE(event_hash("a", ""), event_hash("", "a")) << "lengths keep the parts apart";
}

TEST(Boundary, VersionTypeAndKind_MakeIt) {
  const std::string payload = R"({"kind":"schema_migration.v1_to_v2"})";
  core::Event event = sample_event(1);
  EXPECT_TRUE(is_boundary(event, payload));
  event.source = {core::SourceType::kTool, "anything"};
  EXPECT_TRUE(is_boundary(event, payload));
  event.schema_version = 1;
  EXPECT_FALSE(is_boundary(event, payload));
  event.schema_version = 3;
  EXPECT_FALSE(is_boundary(event, payload));
  event.schema_version = 2;
  event.type = core::EventType::kDecision;
  EXPECT_FALSE(is_boundary(event, payload));
}

TEST(Boundary, RepeatedAndEscapedMembers_ReadAsInAnyDocument) {
  const core::Event event = sample_event(1);
  EXPECT_FALSE(is_boundary(event, R"({"kind":"schema_migration.v1_to_v2","kind":5})"));
  EXPECT_TRUE(is_boundary(event, R"({"kind":5,"kind":"schema_migration.v1_to_v2"})"));
  EXPECT_TRUE(is_boundary(event, R"({"kind":"schema\u005fmigration.v1_to_v2"})"));
}

TEST(Boundary, PayloadsThatOnlyMentionTheKind_MakeNone) {
  const core::Event event = sample_event(1);
  for (const std::string_view payload :
       {R"("schema_migration.v1_to_v2")", R"(["kind","schema_migration.v1_to_v2"])",
        R"({"kind":["schema_migration.v1_to_v2"]})",
        R"({"a":{"kind":"schema_migration.v1_to_v2"}})", R"({"kind":"schema_migration.v1_to_v2 "})",
        R"({"Kind":"schema_migration.v1_to_v2"})", R"({"kind":"x","schema_migration.v1_to_v2":1})",
        R"({"kind":null})", "null", "{}", ""}) {
    EXPECT_FALSE(is_boundary(event, payload)) << payload;
  }
  EXPECT_TRUE(is_boundary(event, R"({"a":[{}],"kind":"schema_migration.v1_to_v2","z":{"k":[1]}})"));
}

TEST(Boundary, RepeatedKind_CountsAsItsLastOne) {
  const core::Event event = sample_event(1);
  EXPECT_TRUE(is_boundary(event, R"({"kind":"x","kind":"schema_migration.v1_to_v2"})"));
  EXPECT_FALSE(is_boundary(event, R"({"kind":"schema_migration.v1_to_v2","kind":"x"})"));
}

}  // namespace
}  // namespace cortex::ledger
