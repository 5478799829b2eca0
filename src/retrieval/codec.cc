#include "retrieval/codec.h"

#include <algorithm>
#include <array>
#include <cmath>

namespace cortex::retrieval {
namespace {

constexpr std::uint32_t kExactLengths = 64;
constexpr double kStepsPerOctave = 16.0;

void put_fixed(std::byte*& out, std::uint64_t value, int size) {
  for (int i = 0; i < size; ++i) *out++ = static_cast<std::byte>(value >> (8 * i) & 0xFFU);
}
std::uint64_t get_fixed(const std::byte*& in, int size) {
  std::uint64_t value = 0;
  for (int i = 0; i < size; ++i) value |= std::to_integer<std::uint64_t>(*in++) << (8 * i);
  return value;
}

std::array<float, 256> make_lengths() {
  std::array<float, 256> table{};
  for (std::size_t code = 0; code < table.size(); ++code) {
    table.at(code) =
        code < kExactLengths
            ? static_cast<float>(code)
            : static_cast<float>(
                  kExactLengths *
                  std::exp2((static_cast<double>(code) + 0.5 - kExactLengths) / kStepsPerOctave));
  }
  return table;
}

}  // namespace

void put_varint(std::string& out, std::uint64_t value) {
  for (; value >= 0x80; value >>= 7U) out.push_back(static_cast<char>(value | 0x80U));
  out.push_back(static_cast<char>(value));
}

std::uint8_t ByteReader::byte() {
  if (at >= bytes.size()) return ok = false, std::uint8_t{0};
  return std::to_integer<std::uint8_t>(bytes[at++]);
}

std::uint64_t ByteReader::varint() {
  std::uint64_t value = 0;
  for (unsigned shift = 0; shift < 64; shift += 7) {
    if (at >= bytes.size()) break;
    const auto next = std::to_integer<std::uint64_t>(bytes[at++]);
    value |= (next & 0x7FU) << shift;
    if (next < 0x80) return value;
  }
  ok = false;
  return 0;
}

std::uint64_t ByteReader::fixed(int size) {
  if (bytes.size() - std::min(at, bytes.size()) < static_cast<std::size_t>(size)) {
    ok = false;
    return 0;
  }
  const std::byte* in = bytes.data() + at;
  at += static_cast<std::size_t>(size);
  return get_fixed(in, size);
}

void write_record(const DocRecord& record, std::byte* out) {
  put_fixed(out, record.ref, 4);
  put_fixed(out, record.session, 4);
  put_fixed(out, record.prev, 4);
  put_fixed(out, record.next, 4);
  put_fixed(out, static_cast<std::uint64_t>(record.time), 8);
  put_fixed(out, record.observed, 4);
  put_fixed(out, record.source, 4);
  put_fixed(out, record.speaker, 4);
  put_fixed(out, record.length, 2);
  put_fixed(out, static_cast<std::uint8_t>(record.kind), 1);
  put_fixed(out, record.flags, 1);
}

DocRecord read_record(const std::byte* in) {
  DocRecord record;
  record.ref = static_cast<std::uint32_t>(get_fixed(in, 4));
  record.session = static_cast<std::uint32_t>(get_fixed(in, 4));
  record.prev = static_cast<DocId>(get_fixed(in, 4));
  record.next = static_cast<DocId>(get_fixed(in, 4));
  record.time = static_cast<std::int64_t>(get_fixed(in, 8));
  record.observed = static_cast<std::uint32_t>(get_fixed(in, 4));
  record.source = static_cast<std::uint32_t>(get_fixed(in, 4));
  record.speaker = static_cast<std::uint32_t>(get_fixed(in, 4));
  record.length = static_cast<std::uint16_t>(get_fixed(in, 2));
  record.kind = get_fixed(in, 1) == 1 ? Kind::kMemory : Kind::kEvent;
  record.flags = static_cast<std::uint8_t>(get_fixed(in, 1));
  return record;
}

std::string write_forward(std::uint16_t length, std::span<const DocTerm> terms) {
  std::string out;
  out.reserve(4 + terms.size() * 7);
  put_varint(out, length);
  for (const DocTerm& t : terms) {
    for (int i = 0; i < kTermBits; i += 8) out.push_back(static_cast<char>(t.term >> i & 0xFFU));
    put_varint(out, static_cast<std::uint64_t>(t.count) << 1U | (t.body ? 1U : 0U));
  }
  return out;
}

bool read_forward(Bytes bytes, std::uint16_t& length, std::vector<DocTerm>& terms) {
  terms.clear();
  ByteReader in{bytes};
  const std::uint64_t said = in.varint();
  length = static_cast<std::uint16_t>(said);
  while (in.ok && !in.done()) {
    const Term term = in.fixed(kTermBits / 8);
    const std::uint64_t tail = in.varint();
    if (tail >> 1U > 255 || tail >> 1U == 0) in.ok = false;
    terms.push_back({term, static_cast<std::uint8_t>(tail >> 1U), (tail & 1U) != 0});
  }
  return in.ok && said <= 0xFFFF;
}

std::uint8_t encode_length(std::uint32_t length) {
  if (length < kExactLengths) return static_cast<std::uint8_t>(length);
  const double octaves = std::log2(static_cast<double>(length) / kExactLengths);
  return static_cast<std::uint8_t>(std::min(255.0, kExactLengths + octaves * kStepsPerOctave));
}

float decode_length(std::uint8_t code) {
  static const std::array<float, 256> kLengths = make_lengths();
  return kLengths.at(code);
}

void write_postings(std::string& out, std::uint32_t before, std::span<const Posting> postings) {
  for (const Posting& p : postings) {
    const bool once = p.count == 1;
    put_varint(out, static_cast<std::uint64_t>(p.local - before) << 1U | (once ? 1U : 0U));
    if (!once) out.push_back(static_cast<char>(p.count));
    out.push_back(static_cast<char>(p.length));
    before = p.local;
  }
}

std::string write_chunk_list(const ChunkList& list) {
  std::string out;
  put_varint(out, static_cast<std::uint64_t>(list.first_row));
  std::uint32_t before = 0;
  for (const Chunk& chunk : list.chunks) {
    put_varint(out, chunk.last - before);
    out.push_back(static_cast<char>(chunk.count_max));
    out.push_back(static_cast<char>(chunk.length_min));
    before = chunk.last;
  }
  return out;
}

std::optional<ChunkList> read_chunk_list(Bytes bytes) {
  ByteReader in{bytes};
  ChunkList list;
  list.first_row = static_cast<std::int64_t>(in.varint());
  std::uint64_t last = 0;
  while (in.ok && !in.done()) {
    last += in.varint();
    const std::uint8_t count = in.byte();
    const std::uint8_t length = in.byte();
    if (last > 0xFFFF) return std::nullopt;
    list.chunks.push_back({static_cast<std::uint32_t>(last), count, length});
  }
  if (!in.ok || list.first_row < 0) return std::nullopt;
  return list;
}

}  // namespace cortex::retrieval
