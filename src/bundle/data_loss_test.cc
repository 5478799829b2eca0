#include "bundle/data_loss.h"

#include "bundle/deployment_fixture.h"

namespace cortex::bundle {
namespace {

class DataLossTest : public DeploymentTest {
 protected:
  LedgerComparison compare(std::string_view current, std::string_view candidate) {
    put(folder_ / "a", current);
    put(folder_ / "b", candidate);
    return compare_ledgers(fs_, folder_ / "a", folder_ / "b").value();
  }
  static std::string lines(std::size_t count) {
    std::string out;
    for (std::size_t i = 0; i < count; ++i) out += cat("{\"row\":", i, "}\n");
    return out;
  }
};

TEST_F(DataLossTest, CommonRowsEndWhereTheBytesDiffer) {
  EXPECT_EQ(compare(lines(5), lines(5)).common_rows, 5U);
  EXPECT_EQ(compare(lines(5), lines(3)).common_rows, 3U);
  EXPECT_EQ(compare(lines(3), lines(5)).common_rows, 3U);
  EXPECT_EQ(compare(lines(3), "").common_rows, 0U);
  EXPECT_EQ(compare(lines(2) + "{\"other\":1}\n", lines(4)).common_rows, 2U);
  EXPECT_TRUE(compare(lines(3), lines(5)).is_extension());
  EXPECT_FALSE(compare(lines(5), lines(3)).is_extension());
  EXPECT_EQ(compare(lines(5), lines(3)).rows_lost(), 2U);
}

TEST_F(DataLossTest, ALastRowWithoutItsNewlineIsARow) {
  std::string open = lines(3);
  open.pop_back();
  EXPECT_EQ(compare(open, lines(3)).common_rows, 3U);
  EXPECT_EQ(compare(lines(3), open).common_rows, 3U);
  EXPECT_EQ(compare(open, open).common_rows, 3U);
  EXPECT_EQ(compare(open, open).current.rows, 3U);
  // A row that is only the beginning of the other one's is not common.
  EXPECT_EQ(compare("{\"row\":1", "{\"row\":10}\n").common_rows, 0U);
}

TEST_F(DataLossTest, BlocksDoNotMatter) {
  const std::string big = lines(200'000);
  const LedgerComparison same = compare(big, big + "{\"more\":1}\n");
  EXPECT_EQ(same.common_rows, 200'000U);
  EXPECT_EQ(same.candidate.rows, 200'001U);
  std::string changed = big;
  changed[changed.size() - 3] = 'x';
  EXPECT_EQ(compare(big, changed).common_rows, 199'999U);
}

TEST_F(DataLossTest, TablesWhoseCountsDifferAreNamed) {
  fill(3);
  ASSERT_TRUE(back_up().ok());
  append(4, 2);
  mirror();
  const DataLoss loss =
      find_data_loss(fs_, {db_, log_},
                     {fs::join(out_, "cortex.db"), fs::join(out_, "events.jsonl")})
          .value();
  EXPECT_EQ(loss.ledger.rows_lost(), 2U);
  ASSERT_EQ(loss.tables.count("events"), 1U);
  EXPECT_EQ(loss.tables.at("events").current, 5U);
  EXPECT_EQ(loss.tables.at("events").candidate, 3U);
  EXPECT_TRUE(loss.any());
  const json::Value report = to_json(loss);
  EXPECT_EQ(report.find("ledger")->find("first_diverging_row")->as_number()->u, 4U);
}

}  // namespace
}  // namespace cortex::bundle
