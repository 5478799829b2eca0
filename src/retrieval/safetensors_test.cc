#include "retrieval/safetensors.h"

#include <gtest/gtest.h>

#include <string>

#include "retrieval/static_model_fixture.h"

namespace cortex::retrieval {
namespace {

constexpr std::string_view kTwo =
    R"({"__metadata__":{"format":"pt"},"b":{"dtype":"F16","shape":[2],"data_offsets":[16,20]},)"
    R"("a":{"dtype":"F32","shape":[2,2],"data_offsets":[0,16]}})";

TEST(Safetensors, TensorsAreReadInTheOrderOfTheirBytes) {
  const std::uint64_t size = kSafetensorsPrefix + kTwo.size() + 20;
  const auto tensors = parse_safetensors_header(kTwo, size);
  ASSERT_TRUE(tensors.ok()) << tensors.error().text();
  ASSERT_EQ(tensors->size(), 2U);
  EXPECT_EQ((*tensors)[0].name, "a");
  EXPECT_EQ((*tensors)[0].shape, (std::vector<std::uint64_t>{2, 2}));
  EXPECT_EQ((*tensors)[0].begin, kSafetensorsPrefix + kTwo.size());
  EXPECT_EQ((*tensors)[1].type, TensorType::kF16);
  EXPECT_EQ((*tensors)[1].end, size);
}

TEST(Safetensors, TheLengthOfTheHeaderStaysInsideTheFile) {
  EXPECT_EQ(*safetensors_header_size(little_endian(2, 8), 10), 2U);
  EXPECT_FALSE(safetensors_header_size(little_endian(3, 8), 10).ok());
  EXPECT_FALSE(safetensors_header_size(little_endian(1, 8), 100).ok());
  EXPECT_FALSE(safetensors_header_size(little_endian(~0ULL, 8), 100).ok());
  EXPECT_FALSE(
      safetensors_header_size(little_endian(kSafetensorsHeaderMax + 1, 8), 1ULL << 40).ok());
  EXPECT_FALSE(safetensors_header_size("1234567", 100).ok());
}

TEST(Safetensors, WhatIsNotExactlyTheFormatIsRefused) {
  const struct {
    const char* header;
    std::uint64_t data;
  } faults[] = {
      {"", 0},
      {"[]", 0},
      {"{", 0},
      {R"({"a":1})", 0},
      {R"({"a":{"dtype":"F32","shape":[1]}})", 4},
      {R"({"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4],"x":1}})", 4},
      {R"({"a":{"dtype":"F31","shape":[1],"data_offsets":[0,4]}})", 4},
      {R"({"a":{"dtype":"F32","shape":[-1],"data_offsets":[0,4]}})", 4},
      {R"({"a":{"dtype":"F32","shape":[1.5],"data_offsets":[0,4]}})", 4},
      {R"({"a":{"dtype":"F32","shape":[2],"data_offsets":[0,4]}})", 4},
      {R"({"a":{"dtype":"F32","shape":[1],"data_offsets":[4,0]}})", 4},
      {R"({"a":{"dtype":"F32","shape":[1],"data_offsets":[0,8]}})", 4},
      {R"({"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}})", 5},
      {R"({"a":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}})", 8},
      {R"({"a":{"dtype":"F32","shape":[4294967296,4294967296],"data_offsets":[0,0]}})", 0},
      {R"({"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},)"
       R"("b":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}})",
       4},
  };
  for (const auto& fault : faults) {
    const std::string_view header = fault.header;
    const auto tensors =
        parse_safetensors_header(header, kSafetensorsPrefix + header.size() + fault.data);
    EXPECT_FALSE(tensors.ok()) << header;
  }
}

TEST(Safetensors, NumbersOfEveryType) {
  std::vector<float> out(3);
  read_numbers(TensorType::kF32, floats({1.5F, -2, 0}), out);
  EXPECT_EQ(out, (std::vector<float>{1.5F, -2, 0}));
  // 1, -2, the least number above 0; 65504 is the largest.
  const std::string halves =
      little_endian(0x3C00, 2) + little_endian(0xC000, 2) + little_endian(0x0001, 2);
  read_numbers(TensorType::kF16, halves, out);
  EXPECT_EQ(out, (std::vector<float>{1, -2, 0x1p-24F}));
  std::vector<float> one(1);
  read_numbers(TensorType::kF16, little_endian(0x7BFF, 2), one);
  EXPECT_EQ(one[0], 65504.0F);
  read_numbers(TensorType::kBf16, little_endian(0x3FC0, 2), one);
  EXPECT_EQ(one[0], 1.5F);
  read_numbers(TensorType::kF64, little_endian(std::bit_cast<std::uint64_t>(-0.25), 8), one);
  EXPECT_EQ(one[0], -0.25F);
}

}  // namespace
}  // namespace cortex::retrieval
