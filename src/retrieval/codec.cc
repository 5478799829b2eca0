#include "retrieval/codec.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstring>

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

// The next little-endian number.
template <class T>
T load(const std::byte*& in) {
  T value{};
  std::memcpy(&value, in, sizeof(T));
  in += sizeof(T);
  return std::endian::native == std::endian::little ? value : std::byteswap(value);
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
  record.ref = load<std::uint32_t>(in);
  record.session = load<std::uint32_t>(in);
  record.prev = load<DocId>(in);
  record.next = load<DocId>(in);
  record.time = load<std::int64_t>(in);
  record.observed = load<std::uint32_t>(in);
  record.source = load<std::uint32_t>(in);
  record.speaker = load<std::uint32_t>(in);
  record.length = load<std::uint16_t>(in);
  record.kind = load<std::uint8_t>(in) == 1 ? Kind::kMemory : Kind::kEvent;
  record.flags = load<std::uint8_t>(in);
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

namespace {

// Bytes of a distance in a block: all that fit into so many.
int width_of(std::uint32_t distance) { return distance <= 0xFF ? 1 : distance <= 0xFFFF ? 2 : 4; }

void write_block(std::string& out, std::uint32_t before, std::span<const Posting> block) {
  int width = 1;
  std::size_t repeated = 0;
  for (std::uint32_t last = before; const Posting& p : block) {
    width = std::max(width, width_of(p.local - last));
    last = p.local;
    repeated += p.count != 1 ? 1 : 0;
  }
  out.push_back(static_cast<char>(width));
  out.push_back(static_cast<char>(repeated));
  for (const Posting& p : block) {
    const std::uint32_t distance = p.local - before;
    for (int i = 0; i < width; ++i) out.push_back(static_cast<char>(distance >> (8 * i) & 0xFFU));
    before = p.local;
  }
  for (const Posting& p : block) out.push_back(static_cast<char>(p.length));
  for (std::size_t i = 0; i < block.size(); ++i) {
    if (block[i].count == 1) continue;
    out.push_back(static_cast<char>(i));
    out.push_back(static_cast<char>(block[i].count));
  }
}

template <class Distance>
std::uint64_t sum_up(const std::byte* in, std::uint64_t local, std::uint32_t first,
                     std::uint32_t* docs) {
  for (std::size_t i = 0; i < kBlockPostings; ++i) {
    local += load<Distance>(in);
    docs[i] = first + static_cast<std::uint32_t>(local);
  }
  return local;
}

}  // namespace

void write_postings(std::string& out, std::span<const Posting> postings) {
  const std::size_t blocks = postings.size() / kBlockPostings;
  put_varint(out, blocks);
  std::uint32_t before = 0;
  for (std::size_t i = 0; i < blocks; ++i) {
    const auto block = postings.subspan(i * kBlockPostings, kBlockPostings);
    write_block(out, before, block);
    before = block.back().local;
  }
  for (const Posting& p : postings.subspan(blocks * kBlockPostings)) {
    const bool once = p.count == 1;
    put_varint(out, static_cast<std::uint64_t>(p.local - before) << 1U | (once ? 1U : 0U));
    if (!once) out.push_back(static_cast<char>(p.count));
    out.push_back(static_cast<char>(p.length));
    before = p.local;
  }
}

PostingReader::PostingReader(Bytes bytes, std::uint32_t first, std::uint32_t docs)
    : in_{bytes}, first_(first), docs_(docs) {
  blocks_ = in_.varint();
}

bool PostingReader::next(PostingBlock& block) {
  if (!in_.ok || (blocks_ == 0 && in_.done())) return false;
  in_.ok = blocks_ > 0 ? read_block(block) : read_rest(block);
  return in_.ok;
}

bool PostingReader::read_block(PostingBlock& block) {
  const std::size_t width = in_.byte(), repeated = in_.byte();
  if (!in_.ok || (width != 1 && width != 2 && width != 4) || repeated > kBlockPostings) {
    return false;
  }
  const std::size_t size = kBlockPostings * (width + 1) + repeated * 2;
  if (in_.bytes.size() - in_.at < size) return false;
  const std::byte* in = in_.bytes.data() + in_.at;
  in_.at += size;
  --blocks_;
  local_ = width == 1   ? sum_up<std::uint8_t>(in, local_, first_, block.docs.data())
           : width == 2 ? sum_up<std::uint16_t>(in, local_, first_, block.docs.data())
                        : sum_up<std::uint32_t>(in, local_, first_, block.docs.data());
  if (local_ >= docs_) return false;  // distances are not negative: all are below the last one
  in += kBlockPostings * width;
  std::memcpy(block.lengths.data(), in, kBlockPostings);
  in += kBlockPostings;
  block.counts.fill(1);
  for (std::size_t i = 0; i < repeated; ++i, in += 2) {
    const auto at = std::to_integer<std::size_t>(in[0]);
    if (at >= kBlockPostings) return false;
    block.counts[at] = std::to_integer<std::uint8_t>(in[1]);
  }
  block.size = kBlockPostings;
  return true;
}

bool PostingReader::read_rest(PostingBlock& block) {
  block.size = 0;
  while (!in_.done() && block.size < kBlockPostings) {
    const std::uint64_t head = in_.varint();
    const std::uint8_t count = (head & 1U) != 0 ? std::uint8_t{1} : in_.byte();
    const std::uint8_t length = in_.byte();
    if (!in_.ok || head >> 1U >= docs_ || local_ + (head >> 1U) >= docs_) return false;
    local_ += head >> 1U;
    block.docs[block.size] = first_ + static_cast<std::uint32_t>(local_);
    block.counts[block.size] = count;
    block.lengths[block.size] = length;
    ++block.size;
  }
  return true;
}

}  // namespace cortex::retrieval
