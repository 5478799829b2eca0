#include "app/layout.h"

#include <gtest/gtest.h>

namespace cortex::app {
namespace {

Environment with(std::map<std::string, std::string> vars) { return {std::move(vars), "/root"}; }

Layout resolved(const Environment& environment, std::optional<std::string> db,
                std::optional<std::string> log) {
  auto layout = resolve_layout(environment, std::move(db), std::move(log));
  EXPECT_TRUE(layout.ok());
  return layout.ok() ? *layout : Layout{};
}

TEST(Layout, DefaultFolderIsTheFirstThatIsNotEmpty) {
  EXPECT_EQ(*default_data_dir(with({{"CORTEX_DATA_DIR", "/d"}, {"XDG_DATA_HOME", "/x"}})), "/d");
  EXPECT_EQ(*default_data_dir(with({{"CORTEX_DATA_DIR", ""}, {"XDG_DATA_HOME", "/x"}})),
            "/x/cortex");
  EXPECT_EQ(*default_data_dir(with({{"XDG_DATA_HOME", "rel"}})), "rel/cortex");
  EXPECT_EQ(*default_data_dir(with({{"XDG_DATA_HOME", ""}, {"HOME", "/h"}})),
            "/h/.local/share/cortex");
  EXPECT_EQ(*default_data_dir(with({{"HOME", ""}})), "/root/.local/share/cortex");
  EXPECT_EQ(*default_data_dir(with({})), "/root/.local/share/cortex");
}

TEST(Layout, NoHomeAtAllIsAPreconditionThatSaysWhatToSet) {
  const auto none = default_data_dir(Environment{});
  ASSERT_FALSE(none.ok());
  EXPECT_EQ(none.error().code, Code::kPrecondition);
  EXPECT_NE(none.error().next.find("CORTEX_DATA_DIR"), std::string::npos);
  EXPECT_TRUE(resolve_layout(Environment{}, "/a/x.db", std::nullopt).ok());
  EXPECT_FALSE(resolve_layout(Environment{}, "x.db", std::nullopt).ok());
}

TEST(Layout, FolderComesFromTheStoreThenFromTheLedger) {
  const Environment env = with({{"CORTEX_DATA_DIR", "/d"}});
  EXPECT_EQ(resolved(env, std::nullopt, std::nullopt),
            (Layout{"/d", "/d/cortex.db", "/d/events.jsonl"}));
  EXPECT_EQ(resolved(env, "/a/x.db", std::nullopt), (Layout{"/a", "/a/x.db", "/a/events.jsonl"}));
  EXPECT_EQ(resolved(env, std::nullopt, "/b/y.jsonl"),
            (Layout{"/b", "/b/cortex.db", "/b/y.jsonl"}));
  EXPECT_EQ(resolved(env, "/a/x.db", "/b/y.jsonl"), (Layout{"/a", "/a/x.db", "/b/y.jsonl"}));
}

TEST(Layout, AFileWithoutFolderStaysInTheWorkingDirectory) {
  const Environment env = with({{"CORTEX_DATA_DIR", "/d"}});
  EXPECT_EQ(resolved(env, "x.db", std::nullopt), (Layout{"/d", "x.db", "/d/events.jsonl"}));
  EXPECT_EQ(resolved(env, "x.db", "/b/y.jsonl"), (Layout{"/d", "x.db", "/b/y.jsonl"}))
      << "the ledger's folder counts only when no store was named";
  EXPECT_EQ(resolved(env, "./x.db", std::nullopt).data_dir, ".");
  EXPECT_EQ(resolved(env, "/x.db", std::nullopt).data_dir, "/");
  EXPECT_EQ(resolved(env, "/x.db", std::nullopt).event_log_path, "/events.jsonl");
  EXPECT_EQ(resolved(env, "a//x.db", std::nullopt).data_dir, "a");
}

TEST(Layout, PathVariablesOfTheReportDoNotMoveTheData) {
  const Environment env = with({{"CORTEX_DATA_DIR", "/d"}, {"CORTEX_DB_PATH", "/e/x.db"}});
  EXPECT_EQ(resolved(env, std::nullopt, std::nullopt).db_path, "/d/cortex.db");
}

}  // namespace
}  // namespace cortex::app
