#include "bundle/manifest.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/version.h"
#include "bundle/deployment_fixture.h"

namespace cortex::bundle {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

Manifest example() {
  Manifest manifest;
  manifest.made_at = {1'767'323'045, 999'000'000};
  manifest.store = {std::string(kStoreName), 4096, "blake3:00"};
  manifest.ledger = {std::string(kLedgerName), 12, "blake3:11"};
  manifest.ledger_rows = 3;
  manifest.counts = {.events = 3, .traces = 1, .episodes = 2, .memories = 4};
  return manifest;
}

std::vector<std::string> keys_of(const json::Object& object) {
  std::vector<std::string> keys;
  for (const auto& [key, value] : object) keys.push_back(key);
  return keys;
}

class ManifestTest : public DeploymentTest {
 protected:
  // The lines of the fenced block of the format document that carries this name.
  std::string fence(std::string_view name) {
    const std::string text = get(CORTEX_TEST_DATA "/../../docs/formats.md");
    const std::string mark = cat("```", name, "\n");
    const std::size_t at = text.find(mark);
    CORTEX_CHECK(at != std::string::npos);
    const std::size_t start = at + mark.size();
    return text.substr(start, text.find("\n```", start) - start);
  }
  // A wrapped `text` block.
  std::string joined(std::string_view name) {
    std::string out;
    const std::string lines = fence(name);
    for (const std::string_view line : split(lines, '\n')) out += line;
    return out;
  }
  Result<ManifestFacts> read(std::string_view text) {
    put(path_, text);
    return read_manifest(fs_, path_);
  }
  // The error for the example with one member replaced by the JSON `value`, or left out for "".
  Error with(const std::string& key, std::string_view value) {
    json::Object document = manifest_document(example());
    if (value.empty()) {
      document.erase(key);
    } else {
      document.set(key, json::parse(value).value());
    }
    auto facts = read(json::write_compact(document));
    EXPECT_FALSE(facts.ok()) << key << " = " << value;
    return facts.ok() ? Error{} : facts.error();
  }

  std::string path_ = folder_ / "any name";
};

TEST_F(ManifestTest, KeysStandInTheOrderOfTheFormatWithoutAFinalNewline) {
  const json::Object document = manifest_document(example());
  EXPECT_THAT(keys_of(document),
              ElementsAre("kind", "schema_version", "sqlite_store", "jsonl_mirror", "tool_version",
                          "backup_timestamp", "sqlite_store_size_bytes", "sqlite_store_blake3",
                          "jsonl_mirror_size_bytes", "jsonl_mirror_blake3",
                          "jsonl_mirror_audit_status", "jsonl_mirror_audit_rows_scanned",
                          "jsonl_mirror_audit_failures", "table_row_counts", "runtime_mode",
                          "proof_state", "claim_ceiling", "authority_class"));
  EXPECT_THAT(keys_of(*document.find("table_row_counts")->as_object()),
              ElementsAre("events", "traces", "episodes", "memories"));
  EXPECT_EQ(*document.find("backup_timestamp")->as_string(), "2026-01-02T03:04:05Z");
}

TEST_F(ManifestTest, TheExampleOfTheFormat_IsWhatABackupOfItsLedgerWrites) {
  const std::string example = fence("json manifest");
  put(log_, cat(joined("text row-1"), "\n", joined("text row-2"), "\n"));
  ASSERT_TRUE(back_up().ok());
  EXPECT_EQ(get(fs::join(out_, kManifestName)), example);
  const auto facts = read(example);
  ASSERT_TRUE(facts.ok()) << facts.error().text();
  EXPECT_EQ(facts->tool_version, version());
  EXPECT_EQ(facts->ledger.size_bytes, 1065U);
}

TEST_F(ManifestTest, LedgerWithABoundary_GetsThePostV2KindWithItsOwnVersion) {
  Manifest manifest = example();
  manifest.post_v2 = true;
  const json::Object document = manifest_document(manifest);
  EXPECT_EQ(*document.find("kind")->as_string(), kPostV2Kind);
  EXPECT_EQ(document.find("schema_version")->as_number()->u, 2U);
  const auto facts = read(json::write_pretty(document));
  ASSERT_TRUE(facts.ok()) << facts.error().text();
  EXPECT_TRUE(facts->post_v2());
  manifest.post_v2 = false;
  json::Object mixed = manifest_document(manifest);
  mixed.set("schema_version", 2);
  EXPECT_EQ(read(json::write_pretty(mixed)).error().code, Code::kSchema);
}

TEST_F(ManifestTest, WhatIsNoRegularFile_WasNotFound) {
  for (const std::string& path : {folder_ / "missing", folder_.path()}) {
    const auto facts = read_manifest(fs_, path);
    ASSERT_FALSE(facts.ok()) << path;
    EXPECT_EQ(facts.error().code, Code::kPrecondition);
    EXPECT_THAT(facts.error().message, HasSubstr("was not found"));
    EXPECT_EQ(facts.error().unchanged, "no state was changed");
  }
}

TEST_F(ManifestTest, TextThatIsNoDocumentOrTooLong_IsRefused) {
  for (const std::string& text : {std::string(), std::string("{"), std::string("{} {}"),
                                  std::string("[]"), std::string("\xFF"), std::string("7")}) {
    const auto facts = read(text);
    ASSERT_FALSE(facts.ok()) << text;
    EXPECT_EQ(facts.error().code, Code::kPrecondition) << text;
    EXPECT_THAT(facts.error().message, HasSubstr("malformed")) << text;
  }
  const std::string good = json::write_pretty(manifest_document(example()));
  EXPECT_TRUE(read(good + std::string((1U << 20U) - good.size(), ' ')).ok());
  EXPECT_EQ(code_of(read(good + std::string((1U << 20U) - good.size() + 1, ' '))),
            Code::kPrecondition);
}

TEST_F(ManifestTest, EachOfTheTenMembers_MustBeThereWithItsType) {
  struct Row {
    const char* key;
    const char* wrong;
  };
  constexpr Row kRows[] = {{"kind", "1"},
                           {"schema_version", "\"1\""},
                           {"schema_version", "65536"},
                           {"schema_version", "1.0"},
                           {"schema_version", "-1"},
                           {"sqlite_store", "null"},
                           {"jsonl_mirror", "[]"},
                           {"tool_version", "2"},
                           {"backup_timestamp", "0"},
                           {"sqlite_store_size_bytes", "\"4096\""},
                           {"sqlite_store_size_bytes", "18446744073709551616"},
                           {"sqlite_store_blake3", "{}"},
                           {"jsonl_mirror_size_bytes", "1e3"},
                           {"jsonl_mirror_blake3", "true"}};
  for (const Row& row : kRows) {
    for (const std::string& value : {std::string(), std::string(row.wrong)}) {
      const Error error = with(row.key, value);
      EXPECT_EQ(error.code, Code::kPrecondition) << row.key << " " << value;
      EXPECT_THAT(error.message, HasSubstr("malformed")) << row.key << " " << value;
      EXPECT_THAT(error.message, HasSubstr(row.key)) << value;
    }
  }
}

TEST_F(ManifestTest, OtherMembers_AreNotLookedAt) {
  json::Object document = manifest_document(example());
  for (const char* key : {"table_row_counts", "jsonl_mirror_audit_status", "authority_class"}) {
    document.erase(key);
  }
  document.set("jsonl_mirror_audit_failures", "many");
  document.set("of another program", json::Array{});
  EXPECT_TRUE(read(json::write_compact(document)).ok());
}

TEST_F(ManifestTest, WrongValues_AreRefusedInTheOrderOfTheFormat) {
  struct Row {
    const char *key, *value;
    Code code;
    const char* word;
  };
  // The first of these that still is wrong is what is said.
  constexpr Row kRows[] = {
      {"kind", "\"cortex_v2_backup\"", Code::kPrecondition, "invalid kind"},
      {"schema_version", "2", Code::kSchema, "schema_version"},
      {"tool_version", "\" \\t\"", Code::kPrecondition, "blank tool_version"},
      {"backup_timestamp", "\"yesterday\"", Code::kPrecondition, "backup_timestamp"}};
  const json::Object good = manifest_document(example());
  json::Object document = good;
  for (const Row& row : kRows) document.set(row.key, json::parse(row.value).value());
  for (const Row& row : kRows) {
    const auto facts = read(json::write_compact(document));
    ASSERT_FALSE(facts.ok()) << row.key;
    EXPECT_EQ(facts.error().code, row.code) << row.key;
    EXPECT_THAT(facts.error().message, HasSubstr(row.word));
    EXPECT_THAT(facts.error().message, Not(HasSubstr("malformed")));
    document.set(row.key, *good.find(row.key));
  }
  EXPECT_TRUE(read(json::write_compact(document)).ok());
}

TEST_F(ManifestTest, AMissingMember_IsSaidBeforeAWrongKind) {
  json::Object document = manifest_document(example());
  document.set("kind", "other");
  document.erase("jsonl_mirror_blake3");
  EXPECT_THAT(read(json::write_compact(document)).error().message, HasSubstr("malformed"));
}

}  // namespace
}  // namespace cortex::bundle
