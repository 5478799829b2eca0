// A freshly migrated store has the structure of the golden one, whatever the text of its DDL.
#include <algorithm>
#include <cctype>
#include <fstream>
#include <iterator>
#include <map>

#include "base/text.h"
#include "json/value.h"
#include "store/private_schema.h"
#include "store/schema_query.h"
#include "store/store_fixture.h"

namespace cortex::store {
namespace {

// Runs of white space as one blank, none after "(" or before ")".
std::string one_line(std::string_view sql) {
  std::string out;
  for (const char c : sql) {
    const bool blank = std::isspace(static_cast<unsigned char>(c)) != 0;
    if (blank && (out.empty() || out.back() == ' ' || out.back() == '(')) continue;
    if (c == ')' && !out.empty() && out.back() == ' ') out.pop_back();
    out.push_back(blank ? ' ' : c);
  }
  return out;
}

// The conditions of all CHECK clauses, in order.
json::Array checks_of(const std::string& sql) {
  const std::string text = one_line(sql);
  constexpr std::string_view kKeyword = "CHECK (";
  json::Array out;
  for (auto at = text.find(kKeyword); at != std::string::npos; at = text.find(kKeyword, at + 1)) {
    const std::size_t begin = at + kKeyword.size();
    std::size_t end = begin;
    for (int depth = 1; depth > 0; ++end) depth += (text[end] == '(') - (text[end] == ')');
    out.emplace_back(text.substr(begin, end - 1 - begin));
  }
  return out;
}

class SchemaShapeTest : public StoreTest {
 protected:
  void SetUp() override {
    migrate();
    ASSERT_TRUE(ensure_private_schema(db_).ok());
    std::ifstream file(CORTEX_TEST_DATA "/store/schema.json");
    auto parsed = json::parse(std::string(std::istreambuf_iterator<char>(file), {}));
    ASSERT_TRUE(parsed.ok());
    golden_ = std::move(parsed).value();
  }

  std::vector<std::string> texts(const std::string& sql) { return text_column(db_, sql).value(); }
  const json::Object& golden(std::string_view section) {
    return *golden_.find(section)->as_object();
  }
  std::string sql_of(std::string_view name) {
    return texts(cat("SELECT sql FROM sqlite_schema WHERE name = '", name, "'")).at(0);
  }

  json::Array columns_of(std::string_view table) {
    auto rows = db_.prepare(cat("PRAGMA table_info(", table, ")")).value();
    json::Array out;
    while (rows.step().value()) {
      json::Object column;
      column.add("cid", rows.column_int(0));
      column.add("default", rows.is_null(4) ? json::Value() : json::Value(rows.column_text(4)));
      column.add("name", rows.column_text(1));
      column.add("notnull", rows.column_int(3) != 0);
      column.add("pk", rows.column_int(5));
      column.add("type", rows.column_text(2));
      out.emplace_back(std::move(column));
    }
    return out;
  }

  // Sorted: the order of foreign keys means nothing.
  std::vector<std::string> foreign_keys_of(std::string_view table) {
    auto rows = db_.prepare(cat("PRAGMA foreign_key_list(", table, ")")).value();
    std::vector<std::string> out;
    while (rows.step().value()) {
      json::Object key{{"from", rows.column_text(3)},
                       {"on_delete", rows.column_text(6)},
                       {"on_update", rows.column_text(5)},
                       {"table", rows.column_text(2)},
                       {"to", rows.column_text(4)}};
      out.push_back(json::canonical(json::Value(std::move(key))));
    }
    std::ranges::sort(out);
    return out;
  }

  std::map<std::string, std::string> indexes() {
    std::map<std::string, std::string> out;
    auto rows = db_.prepare(
                       "SELECT t.name, i.name, i.\"unique\", i.origin, i.partial"
                       " FROM pragma_table_list t, pragma_index_list(t.name) i"
                       " WHERE t.schema = 'main' AND t.type = 'table'"
                       " AND i.name NOT GLOB 'cortex_*' AND t.name NOT GLOB 'cortex_*'")
                    .value();
    while (rows.step().value()) {
      const std::string name(rows.column_text(1));
      json::Array columns;
      for (const std::string& column :
           texts(cat("SELECT name FROM pragma_index_info('", name, "') ORDER BY seqno"))) {
        columns.emplace_back(column);
      }
      json::Object index{{"columns", std::move(columns)},
                         {"origin", rows.column_text(3)},
                         {"partial", rows.column_int(4) != 0},
                         {"table", rows.column_text(0)},
                         {"unique", rows.column_int(2) != 0}};
      out[name] = json::canonical(json::Value(std::move(index)));
    }
    return out;
  }

  json::Value golden_;
};

TEST_F(SchemaShapeTest, TablesHaveTheSameColumnsInTheSameOrder) {
  std::vector<std::string> names;
  for (const auto& [name, table] : golden("tables")) {
    names.push_back(name);
    EXPECT_EQ(json::canonical(json::Value(columns_of(name))),
              json::canonical(*table.find("columns")))
        << name;
  }
  std::ranges::sort(names);
  EXPECT_EQ(texts("SELECT name FROM pragma_table_list WHERE schema = 'main' AND type = 'table'"
                  " AND name NOT GLOB 'sqlite_*' AND name NOT GLOB 'cortex_*' ORDER BY name"),
            names);
}

TEST_F(SchemaShapeTest, TablesHaveTheSameChecksAndForeignKeys) {
  for (const auto& [name, table] : golden("tables")) {
    EXPECT_EQ(json::canonical(json::Value(checks_of(sql_of(name)))),
              json::canonical(*table.find("checks")))
        << name;
    std::vector<std::string> keys;
    for (const json::Value& key : *table.find("foreign_keys")->as_array()) {
      keys.push_back(json::canonical(key));
    }
    std::ranges::sort(keys);
    EXPECT_EQ(foreign_keys_of(name), keys) << name;
  }
}

TEST_F(SchemaShapeTest, IndexesAreTheSame) {
  std::map<std::string, std::string> expected;
  for (const auto& [name, index] : golden("indexes")) expected[name] = json::canonical(index);
  EXPECT_EQ(indexes(), expected);
  EXPECT_NE(one_line(sql_of("idx_memories_pending_mcp_commit"))
                .find("WHERE status = 'pending_mcp_commit'"),
            std::string::npos);
}

TEST_F(SchemaShapeTest, TriggersAreTheSame) {
  std::vector<std::string> names;
  for (const auto& [name, trigger] : golden("triggers")) {
    names.push_back(name);
    EXPECT_TRUE(
        one_line(sql_of(name))
            .starts_with(cat("CREATE TRIGGER ", name, " ", *trigger.find("timing")->as_string(),
                             " ", *trigger.find("event")->as_string(), " ON ",
                             *trigger.find("table")->as_string(), " ")))
        << sql_of(name);
  }
  std::ranges::sort(names);
  EXPECT_EQ(texts("SELECT name FROM sqlite_schema WHERE type = 'trigger'"
                  " AND name NOT GLOB 'cortex_*' ORDER BY name"),
            names);
}

TEST_F(SchemaShapeTest, FullTextTableIsTheSame) {
  ASSERT_EQ(golden("virtual_tables").size(), 1U);
  const json::Value& table = *golden("virtual_tables").find("memories_fts");
  std::string expected =
      cat("CREATE VIRTUAL TABLE memories_fts USING ", *table.find("module")->as_string(), "(");
  for (const json::Value& column : *table.find("columns")->as_array()) {
    expected += cat(*column.as_string(), ", ");
  }
  expected += cat("tokenize = '", *table.find("tokenize")->as_string(), "')");
  EXPECT_EQ(one_line(sql_of("memories_fts")), expected);
  EXPECT_TRUE(texts("SELECT name FROM sqlite_schema WHERE type = 'view'").empty());
}

TEST_F(SchemaShapeTest, FileHeaderHasTheDefaultsOfTheReference) {
  EXPECT_EQ(db_.query_int("PRAGMA page_size").value(), 4096);
  EXPECT_EQ(db_.query_int("PRAGMA user_version").value(), 0);
  EXPECT_EQ(db_.query_int("PRAGMA application_id").value(), 0);
  EXPECT_EQ(db_.query_text("PRAGMA encoding").value(), "UTF-8");
}

}  // namespace
}  // namespace cortex::store
