#include "memory/principles.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <map>
#include <numeric>
#include <set>
#include <utility>

#include "base/join.h"
#include "base/text.h"

namespace cortex::memory {
namespace {

std::string domain_of(std::string_view tag) { return to_lower_ascii(trim(tag)); }

std::set<std::string> domains_of(const store::Memory& memory) {
  std::set<std::string> out;
  for (const std::string& tag : memory.tags()) {
    std::string domain = domain_of(tag);
    if (!domain.empty()) out.insert(std::move(domain));
  }
  return out;
}

// Texts of a scope column, into `all`.
void collect(const json::Value& column, std::set<std::string>& all) {
  const json::Array* array = column.as_array();
  if (array == nullptr) return;
  for (const json::Value& value : *array) {
    const std::string* text = value.as_string();
    if (text != nullptr && !is_blank(*text)) all.emplace(trim(*text));
  }
}

std::vector<std::string> listed(const std::set<std::string>& all, std::string_view otherwise) {
  if (all.empty()) return {std::string(otherwise)};
  return {all.begin(), all.end()};
}

using Group = std::vector<const store::Memory*>;

std::optional<PrincipleCandidate> candidate_of(const Group& group) {
  std::set<std::string> domains, applies, not_applies;
  PrincipleCandidate out;
  for (const store::Memory* one : group) {
    domains.merge(domains_of(*one));
    collect(one->applies_when, applies);
    collect(one->does_not_apply_when, not_applies);
    out.supporting.push_back(one->id);
  }
  if (group.size() < kSupportMin || domains.size() < kDomainsMin) return std::nullopt;
  out.domains.assign(domains.begin(), domains.end());
  out.statement = cat("Preserve evidence-bound guidance across ", join(out.domains, ", "),
                      " before doctrine promotion.");
  out.applies_when = listed(applies, "work touches one of the observed domains");
  out.does_not_apply_when = listed(not_applies, "the supporting memories no longer hold");
  return out;
}

// Root of a set in a forest of parents, halving the path on the way.
std::size_t root(std::vector<std::size_t>& parents, std::size_t at) {
  while (parents[at] != at) at = parents[at] = parents[parents[at]];
  return at;
}

std::vector<Group> groups_by_domain(const std::vector<store::Memory>& memories) {
  std::vector<std::size_t> parents(memories.size());
  std::iota(parents.begin(), parents.end(), std::size_t{0});
  std::map<std::string, std::size_t> first_with;
  for (std::size_t i = 0; i < memories.size(); ++i) {
    for (const std::string& domain : domains_of(memories[i])) {
      const auto [seen, fresh] = first_with.emplace(domain, i);
      if (!fresh) parents[root(parents, i)] = root(parents, seen->second);
    }
  }
  std::map<std::size_t, Group> by_root;
  for (std::size_t i = 0; i < memories.size(); ++i) {
    by_root[root(parents, i)].push_back(&memories[i]);
  }
  std::vector<Group> groups;
  groups.reserve(by_root.size());
  for (auto& [at, group] : by_root) groups.push_back(std::move(group));
  std::ranges::stable_sort(groups, std::greater(), &Group::size);
  return groups;
}

struct Unit {
  char letter;
  std::int64_t seconds;
};
constexpr Unit kUnits[] = {{'s', 1}, {'m', 60}, {'h', 3'600}, {'d', 86'400}, {'w', 604'800}};

struct ForceRow {
  std::string_view token, name;
};
constexpr std::array<ForceRow, 3> kForces{
    {{"advisory", "Advisory"}, {"conditioning", "Conditioning"}, {"gate", "Gate"}}};

struct OriginRow {
  std::string_view authority;
  trust::Provenance provenance;
};
using enum trust::Provenance;
constexpr OriginRow kOrigins[] = {
    {"user", kOperatorAttested},    {"operator", kOperatorAttested},
    {"tool", kToolObserved},        {"system", kToolObserved},
    {"runtime", kRuntimeDerived},   {"axiom", kRuntimeDerived},
    {"summary", kSummaryDerived},   {"derived_summary", kSummaryDerived},
    {"external", kExternalClaimed}, {"claimed", kExternalClaimed},
    {"simulated", kSimulated},      {"hypothetical", kSimulated},
};

// Texts of an array that holds nothing else, none of them blank.
bool read_texts(const json::Value* value, std::vector<std::string>& out) {
  if (value == nullptr || value->as_array() == nullptr) return false;
  for (const json::Value& one : *value->as_array()) {
    if (one.as_string() == nullptr || is_blank(*one.as_string())) return false;
    out.push_back(*one.as_string());
  }
  return true;
}

}  // namespace

std::vector<PrincipleCandidate> find_principles(const std::vector<store::Memory>& memories) {
  std::vector<PrincipleCandidate> found;
  for (const Group& group : groups_by_domain(memories)) {
    if (auto candidate = candidate_of(group)) found.push_back(*std::move(candidate));
  }
  if (!found.empty()) return found;
  Group all;
  for (const store::Memory& one : memories) all.push_back(&one);
  if (auto candidate = candidate_of(all)) found.push_back(*std::move(candidate));
  return found;
}

json::Value to_json(const PrincipleCandidate& candidate) {
  return json::Object{{"statement", candidate.statement},
                      {"supporting_memory_ids", json::array_of(candidate.supporting)},
                      {"contradicting_memory_ids", json::Array()},
                      {"domains_observed", json::array_of(candidate.domains)},
                      {"applies_when", json::array_of(candidate.applies_when)},
                      {"does_not_apply_when", json::array_of(candidate.does_not_apply_when)},
                      {"alternative_interpretations",
                       json::Array{"the memories may agree because they come from the same work"}},
                      {"confidence", candidate.confidence},
                      {"overgeneralisation_risk", candidate.overgeneralisation_risk}};
}

std::optional<std::int64_t> parse_duration(std::string_view text) {
  text = trim(text);
  if (text.size() < 2) return std::nullopt;
  const auto* unit = std::ranges::find(kUnits, text.back(), &Unit::letter);
  if (unit == std::end(kUnits)) return std::nullopt;
  constexpr std::uint32_t kMost = 1'000'000;
  std::uint32_t number = 0;
  const char* begin = text.data();
  const char* end = begin + text.size() - 1;
  const auto [read, error] = std::from_chars(begin, end, number);
  if (error != std::errc() || read != end || number > kMost) return std::nullopt;
  return number * unit->seconds;
}

std::string_view force_name(Force force) { return kForces[static_cast<std::size_t>(force)].name; }

std::optional<Force> parse_force(std::string_view token) {
  const auto* row = std::ranges::find(kForces, token, &ForceRow::token);
  if (row == kForces.end()) return std::nullopt;
  return static_cast<Force>(row - kForces.begin());
}

Falsification falsification_of(const json::Value& created_by) {
  Falsification out;
  const json::Value* record = created_by.find("falsification");
  if (record == nullptr) {
    out.well_formed = false;
    return out;
  }
  const std::string* status = record->find_text("status");
  out.attempted = status != nullptr && *status == "attempted";
  const bool attempts = read_texts(record->find("failed_attempts"), out.failed_attempts);
  const bool counter =
      read_texts(record->find("unresolved_high_risk_counterexamples"), out.open_counterexamples);
  out.well_formed = attempts && counter;
  return out;
}

void set_falsification(json::Object& created_by, const Falsification& record) {
  created_by.set("falsification",
                 json::Object{{"status", record.attempted ? "attempted" : "not_attempted"},
                              {"failed_attempts", json::array_of(record.failed_attempts)},
                              {"unresolved_high_risk_counterexamples",
                               json::array_of(record.open_counterexamples)}});
}

trust::Provenance provenance_of(const store::Memory& memory, bool accepted_by_operator) {
  if (accepted_by_operator || memory.validated()) return kOperatorAttested;
  const auto* row = std::ranges::find(kOrigins, memory.authority, &OriginRow::authority);
  return row == std::end(kOrigins) ? kUnknown : row->provenance;
}

}  // namespace cortex::memory
