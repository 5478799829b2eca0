#include "core/ids.h"

#include <array>

namespace cortex::core {
namespace {

struct Row {
  IdKind kind;
  std::string_view prefix;
  std::string_view noun;
};

constexpr std::array<Row, 11> kRows{{
    {IdKind::kEvent, "evt", "event"},
    {IdKind::kTrace, "trc", "trace"},
    {IdKind::kEpisode, "epi", "episode"},
    {IdKind::kMemory, "mem", "memory"},
    {IdKind::kPrinciple, "prn", "principle"},
    {IdKind::kDoctrine, "doc", "doctrine"},
    {IdKind::kContextPack, "ctx", "context pack"},
    {IdKind::kContradiction, "con", "contradiction"},
    {IdKind::kAuditRecord, "aud", "audit record"},
    {IdKind::kCorrelation, "cor", "correlation"},
    {IdKind::kDecayJob, "dcy", "decay job"},
}};

const Row& row_of(IdKind kind) { return kRows[static_cast<std::size_t>(kind)]; }

}  // namespace

std::string_view prefix_of(IdKind kind) { return row_of(kind).prefix; }
std::string_view noun_of(IdKind kind) { return row_of(kind).noun; }

std::optional<Ulid> parse_id(IdKind kind, std::string_view text) {
  const std::string_view prefix = prefix_of(kind);
  if (text.size() != prefix.size() + 1 + Ulid::kTextSize) return std::nullopt;
  if (!text.starts_with(prefix) || text[prefix.size()] != '_') return std::nullopt;
  return Ulid::parse(text.substr(prefix.size() + 1));
}

std::optional<Id> parse_id(std::string_view text) {
  for (const Row& row : kRows) {
    if (!text.starts_with(row.prefix)) continue;
    const auto ulid = parse_id(row.kind, text);
    if (!ulid) return std::nullopt;
    return Id{row.kind, *ulid};
  }
  return std::nullopt;
}

void append_id(std::string& out, IdKind kind, const Ulid& ulid) {
  out.append(prefix_of(kind));
  out.push_back('_');
  char body[Ulid::kTextSize];
  ulid.write(body);
  out.append(body, sizeof body);
}

std::string id_text(IdKind kind, const Ulid& ulid) {
  std::string out;
  append_id(out, kind, ulid);
  return out;
}

}  // namespace cortex::core
