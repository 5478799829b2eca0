// The effect of each signal of the ranking: evaluates it on prepared stores, then once more with
// each weight at 0.
//
//   bench/recall_prepare.py --bin build/release/cortex --data DATA --output FOLDER
//   build/bench/bench/cortex_recall_ablation FOLDER
//
// FOLDER/<n>/ holds the data folder of conversation n, FOLDER/<n>.tsv its questions: category,
// question, rows of the evidence. Prints macro nDCG@10, R@10 and R@50 over the categories.
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <fstream>
#include <map>
#include <memory>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include "retrieval/rank.h"
#include "sqlite/connection.h"

namespace {

using namespace cortex::retrieval;
using cortex::sqlite::Connection;

struct Question {
  int category = 0;
  Query query;
  std::set<std::uint32_t> wanted;
};
struct Conversation {
  std::unique_ptr<Connection> db;
  std::unique_ptr<IndexReader> reader;
  std::vector<Question> questions;
};
struct Figures {
  double ndcg = 0, recall10 = 0, recall50 = 0;
};

struct Signal {
  const char* name;
  float Weights::* weight;
};
constexpr Signal kSignals[] = {
    {"prev1", &Weights::prev1},
    {"next1", &Weights::next1},
    {"prev2", &Weights::prev2},
    {"next2", &Weights::next2},
    {"answer", &Weights::answer},
    {"session", &Weights::session},
    {"session_coverage", &Weights::session_coverage},
    {"coverage", &Weights::coverage},
    {"coverage2", &Weights::coverage2},
    {"speaker", &Weights::speaker},
    {"named", &Weights::named},
    {"question", &Weights::question},
    {"when", &Weights::when},
    {"how_many", &Weights::how_many},
    {"time", &Weights::time},
    {"related", &Weights::related},
    {"related_broader", &Weights::related_broader},
    {"feedback", &Weights::feedback},
    {"whole", &Weights::whole},
    {"length norm b", &Weights::b},
};

bool load(const std::string& folder, int number, Analyzer& analyzer, Conversation& out) {
  const std::string base = folder + "/" + std::to_string(number);
  std::ifstream lines(base + ".tsv");
  if (!lines) return false;
  auto db = Connection::open(base + "/cortex.db", cortex::sqlite::OpenMode::kReadOnly);
  if (!db.ok()) return false;
  out.db = std::make_unique<Connection>(std::move(db).value());
  auto state = read_index_state(*out.db);
  if (!state.ok()) return false;
  auto reader = IndexReader::open(*out.db, *state);
  if (!reader.ok()) return false;
  out.reader = std::make_unique<IndexReader>(std::move(reader).value());
  for (std::string line; std::getline(lines, line);) {
    std::stringstream fields(line);
    std::string category, text, rows, row;
    std::getline(fields, category, '\t');
    std::getline(fields, text, '\t');
    std::getline(fields, rows, '\t');
    Question question{std::stoi(category), parse_query(analyzer, text, 1'700'000'000), {}};
    for (std::stringstream list(rows); std::getline(list, row, ',');) {
      question.wanted.insert(static_cast<std::uint32_t>(std::stoul(row)));
    }
    out.questions.push_back(std::move(question));
  }
  return true;
}

Figures one(Conversation& conversation, const Question& question, const Weights& weights) {
  const auto hits = rank(*conversation.reader, question.query, Filter{}, 60, weights);
  Figures f;
  double ideal = 0;
  for (std::size_t i = 0; i < std::min<std::size_t>(10, question.wanted.size()); ++i) {
    ideal += 1 / std::log2(static_cast<double>(i) + 2);
  }
  for (std::size_t i = 0; hits.ok() && i < std::min<std::size_t>(50, hits->size()); ++i) {
    if (!question.wanted.contains((*hits)[i].ref)) continue;
    f.recall50 += 1;
    if (i >= 10) continue;
    f.recall10 += 1;
    f.ndcg += 1 / std::log2(static_cast<double>(i) + 2);
  }
  const auto wanted = static_cast<double>(question.wanted.size());
  return {f.ndcg / ideal, f.recall10 / wanted, f.recall50 / wanted};
}

Figures evaluate(std::vector<Conversation>& conversations, const Weights& weights) {
  std::map<int, std::pair<Figures, double>> categories;
  for (Conversation& conversation : conversations) {
    for (const Question& question : conversation.questions) {
      const Figures f = one(conversation, question, weights);
      auto& [sum, count] = categories[question.category];
      sum.ndcg += f.ndcg;
      sum.recall10 += f.recall10;
      sum.recall50 += f.recall50;
      count += 1;
    }
  }
  Figures macro;
  for (const auto& [category, row] : categories) {
    const double share = 100 / row.second / static_cast<double>(categories.size());
    macro.ndcg += share * row.first.ndcg;
    macro.recall10 += share * row.first.recall10;
    macro.recall50 += share * row.first.recall50;
  }
  return macro;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fprintf(stderr, "usage: cortex_recall_ablation FOLDER\n");
    return 2;
  }
  Analyzer analyzer;
  std::vector<Conversation> conversations;
  for (Conversation next; load(argv[1], static_cast<int>(conversations.size()), analyzer, next);) {
    conversations.push_back(std::move(next));
    next = Conversation{};
  }
  if (conversations.empty()) {
    std::fprintf(stderr, "no conversation in %s\n", argv[1]);
    return 1;
  }
  const Figures all = evaluate(conversations, Weights{});
  std::printf("| signal left out | nDCG@10 | R@10 | R@50 |\n|---|---|---|---|\n");
  std::printf("| none | %.2f | %.2f | %.2f |\n", all.ndcg, all.recall10, all.recall50);
  const auto show = [&](const char* name, const Figures& f) {
    std::printf("| %s | %+.2f | %+.2f | %+.2f |\n", name, f.ndcg - all.ndcg,
                f.recall10 - all.recall10, f.recall50 - all.recall50);
  };
  for (const Signal& signal : kSignals) {
    Weights weights;
    weights.*signal.weight = 0;
    const Figures f = evaluate(conversations, weights);
    show(signal.name, f);
  }
  Weights words_alone;
  words_alone.related = words_alone.related_broader = 0;
  show("both kinds of related words", evaluate(conversations, words_alone));
  return 0;
}
