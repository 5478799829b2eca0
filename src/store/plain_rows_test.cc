#include "store/plain_rows.h"

#include "store/store_fixture.h"

namespace cortex::store {
namespace {

class PlainRowsTest : public StoreTest {
 protected:
  void SetUp() override {
    migrate();
    exec(
        "INSERT INTO principles VALUES('prn_1', 'say it once', 'candidate', '[]', '[]', '[\"a\"]',"
        " '[]', '[]', 0.1, 0.30000000000000004, 1.0, '{\"k\":1}', 'then', 'then')");
  }
  json::Object principle() { return *find_row(db_, "principles", "id", "prn_1").value(); }
};

TEST_F(PlainRowsTest, ARowThatGoesThroughTheLedgerIsTheSameRow) {
  const std::string canonical = json::canonical(principle());
  exec("DELETE FROM principles");
  const json::Value read = json::parse(canonical).value();
  ASSERT_TRUE(put_row(db_, "principles", "id", *read.as_object(), IfThere::kKeep).ok());
  EXPECT_EQ(json::canonical(principle()), canonical);
  EXPECT_EQ(
      db_.query_text("SELECT validation || ' ' || typeof(validation) FROM principles").value(),
      "0.3 real");
  EXPECT_EQ(real_of(principle(), "validation"), 0.30000000000000004);
}

TEST_F(PlainRowsTest, KeepLeavesTheRow_ReplaceChangesIt) {
  json::Object other = principle();
  other.set("statement", "say it twice");
  ASSERT_TRUE(put_row(db_, "principles", "id", other, IfThere::kKeep).ok());
  EXPECT_EQ(text_of(principle(), "statement"), "say it once");
  ASSERT_TRUE(put_row(db_, "principles", "id", other, IfThere::kReplace).ok());
  EXPECT_EQ(text_of(principle(), "statement"), "say it twice");
}

TEST_F(PlainRowsTest, KeysThatAreThere_OfOneColumnAndOfSeveral) {
  exec(
      "INSERT INTO authority_principal_timeline VALUES('anna', 'operator', '2026', NULL, NULL, "
      "NULL), ('anna, b', 'operator', '2027', NULL, NULL, NULL)");
  const auto present =
      present_keys(db_, "authority_principal_timeline", "principal_id, effective_at",
                   {{"anna", "2026"}, {"anna", "2027"}, {"anna, b", "2027"}, {"x", "2026"}});
  ASSERT_TRUE(present.ok()) << present.error().text();
  EXPECT_EQ(*present, (std::set<RowKey>{{"anna", "2026"}, {"anna, b", "2027"}}));
  EXPECT_EQ(*present_ids(db_, "principles", {"prn_1", "prn_2", "prn_1"}),
            (std::set<std::string>{"prn_1"}));
  EXPECT_TRUE(present_ids(db_, "principles", {})->empty());
}

TEST_F(PlainRowsTest, MembersThatAreNoColumnAndValuesThatFitNoneAreRefused) {
  json::Object foreign = principle();
  foreign.add("owner; DROP TABLE principles", "x");
  EXPECT_EQ(put_row(db_, "principles", "id", foreign, IfThere::kKeep).error().code,
            Code::kIntegrity);
  json::Object odd = principle();
  odd.set("confidence", "much");
  EXPECT_FALSE(put_row(db_, "principles", "id", odd, IfThere::kReplace).ok());
  odd = principle();
  odd.set("statement", json::Array());
  EXPECT_FALSE(put_row(db_, "principles", "id", odd, IfThere::kReplace).ok());
  EXPECT_FALSE(put_row(db_, "principles", "id", {}, IfThere::kKeep).ok());
}

TEST_F(PlainRowsTest, NothingIsFoundWhereNothingIs) {
  EXPECT_FALSE(find_row(db_, "principles", "id", "prn_2").value());
  EXPECT_EQ(rows_where(db_, "principles", "WHERE status = ?1", "candidate").value().size(), 1U);
  EXPECT_EQ(text_of(principle(), "confidence"), "");
  EXPECT_EQ(maybe_text_of(principle(), "none"), std::nullopt);
}

}  // namespace
}  // namespace cortex::store
