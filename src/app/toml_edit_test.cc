#include "app/toml_edit.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace cortex::app {
namespace {

using testing::HasSubstr;

const json::Object& entry() {
  static const json::Object made{{"command", "/opt/cortex"},
                                 {"args", json::Array{"serve"}},
                                 {"env", json::Object{{"CORTEX_DATA_DIR", "/d \"x\"\x7f\\"}}}};
  return made;
}
constexpr std::string_view kKeys =
    "command = \"/opt/cortex\"\nargs = [\"serve\"]\n"
    "env = { CORTEX_DATA_DIR = \"/d \\\"x\\\"\\u007F\\\\\" }\n";

Result<std::string> put(std::string_view text) {
  return with_toml_table(text, "mcp_servers", "cortex", {entry()});
}
// The same without a folder of the data.
Result<std::string> put_default(std::string_view text) {
  const json::Object members{{"command", "/opt/cortex"}, {"args", json::Array{"serve"}}};
  return with_toml_table(text, "mcp_servers", "cortex",
                         {members, TomlMember{"env", "CORTEX_DATA_DIR"}});
}

TEST(TomlEdit, ATableThatIsMissingIsAppended) {
  const std::string table = "[mcp_servers.cortex]\n" + std::string(kKeys);
  EXPECT_EQ(put("").value(), table);
  for (const std::string_view text :
       {"model = \"o3\" # mine\n", "[mcp_servers]\n", "# only a comment\n",
        "[mcp_servers.other]\ncommand = \"x\"\n\n\n", "mcp_servers.other.command = 'x'\n",
        "s = '''\n[mcp_servers.cortex]\n'''\n"}) {
    EXPECT_EQ(put(text).value(), std::string(text) + "\n" + table) << text;
    EXPECT_EQ(put(put(text).value()).value(), put(text).value());
  }
  EXPECT_EQ(put("a = 1").value(), "a = 1\n\n" + table);
  EXPECT_THAT(put("a = 1\r\n").value(), HasSubstr("\r\n[mcp_servers.cortex]\r\ncommand"));
}

TEST(TomlEdit, OfATableThatIsThereOnlyWhatDiffersIsReplaced) {
  const std::string_view before =
      "# \u00e4\u00f6\n[mcp_servers.cortex] # mine\n  startup_timeout_sec = 20\n"
      "args = [ \"serve\", # the only one\n  \"--db\", \"\u00fc\" ] # args\n"
      "command = 'old' # the \U0001F600 program\n[mcp_servers.cortex.env]\nOTHER = \"o\"\n"
      "CORTEX_DATA_DIR = \"\"\"\nold\"\"\" # where\n\n[z]\na = 1\n";
  const std::string_view after =
      "# \u00e4\u00f6\n[mcp_servers.cortex] # mine\n  startup_timeout_sec = 20\n"
      "args = [\"serve\"] # args\n"
      "command = \"/opt/cortex\" # the \U0001F600 program\n[mcp_servers.cortex.env]\nOTHER = "
      "\"o\"\n"
      "CORTEX_DATA_DIR = \"/d \\\"x\\\"\\u007F\\\\\" # where\n\n[z]\na = 1\n";
  EXPECT_EQ(put(before).value(), after);
  EXPECT_EQ(put(after).value(), after);
}

TEST(TomlEdit, MissingKeysGetALine_BehindOneThatIsThere) {
  EXPECT_EQ(put("[mcp_servers.cortex]\ncommand = \"/opt/cortex\" # it\n[z]\n").value(),
            "[mcp_servers.cortex]\ncommand = \"/opt/cortex\" # it\nargs = [\"serve\"]\n"
            "env = { CORTEX_DATA_DIR = \"/d \\\"x\\\"\\u007F\\\\\" }\n[z]\n");
  EXPECT_THAT(put("[mcp_servers.cortex]\ncommand = \"/opt/cortex\"").value(),
              HasSubstr("cortex\"\nargs = [\"serve\"]\n"));
}

TEST(TomlEdit, AnInlineTableIsChangedWhereItHasTheKeys) {
  const std::string inline_form =
      "[mcp_servers]\ncortex = { command = \"old\", args = [\"serve\"], env = { "
      "CORTEX_DATA_DIR = \"e\" } }\n";
  EXPECT_THAT(put(inline_form).value(), HasSubstr("cortex = { command = \"/opt/cortex\", args"));
}

TEST(TomlEdit, WhatCannotBeChangedInItsPlaceIsRefused) {
  for (const std::string_view text :
       {"a = ", "mcp_servers = 1\n", "mcp_servers = { other = {} }\n",
        "[mcp_servers]\ncortex = { command = \"x\" }\n", "[mcp_servers]\ncortex = 3\n",
        "mcp_servers.cortex.command = \"x\"\n", "[mcp_servers.cortex]\n",
        "[[mcp_servers]]\na = 1\n"}) {
    const auto refused = put(text);
    ASSERT_FALSE(refused.ok()) << text << " -> " << *refused;
    EXPECT_EQ(refused.error().code, Code::kIntegrity);
  }
}

TEST(TomlEdit, WhatMustBeAbsentIsTakenOut_InEveryForm) {
  const std::string head = "[mcp_servers.cortex]\ncommand = \"/opt/cortex\"\nargs = [\"serve\"]\n";
  for (const auto& [before, after] : std::vector<std::pair<std::string, std::string>>{
           {"env = { CORTEX_DATA_DIR = \"/old\" } # where\n", ""},
           {"env.CORTEX_DATA_DIR = '/old'\n", ""},
           {"[mcp_servers.cortex.env]\nA = \"a\"\nCORTEX_DATA_DIR = \"/old\" # where\nB = \"b\"\n",
            "[mcp_servers.cortex.env]\nA = \"a\"\nB = \"b\"\n"},
           {"env = { A = \"a\", CORTEX_DATA_DIR = \"/old\" }\n[z]\na = 1\n",
            "env = { A = \"a\" }\n[z]\na = 1\n"},
           {"env = { CORTEX_DATA_DIR = \"/old\", A = \"a\" }\n", "env = { A = \"a\" }\n"},
           {"env = { A = \"a\" }\n", "env = { A = \"a\" }\n"},
           {"", ""}}) {
    const auto changed = put_default(head + before);
    ASSERT_TRUE(changed.ok()) << before << changed.error().message;
    EXPECT_EQ(*changed, head + after);
    EXPECT_EQ(put_default(*changed).value(), *changed);
  }
}

TEST(TomlEdit, KeysOfOthersKeepTheirValues) {
  const std::string before =
      "[mcp_servers.cortex]\ncommand = \"old\"\ntools = [ 1, { a = 2.5 } ]\nsince = 2026-01-01\n"
      "[mcp_servers.cortex.env]\nCORTEX_DATA_DIR = \"/old\"\nOTHER = \"o\"\n";
  const std::string changed = put(before).value();
  for (const char* kept :
       {"tools = [ 1, { a = 2.5 } ]\n", "since = 2026-01-01\n", "OTHER = \"o\"\n"}) {
    EXPECT_THAT(changed, HasSubstr(kept));
  }
  EXPECT_EQ(changed.find("/old"), std::string::npos);
}

}  // namespace
}  // namespace cortex::app
