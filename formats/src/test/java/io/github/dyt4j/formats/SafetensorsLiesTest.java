package io.github.dyt4j.formats;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

import java.io.ByteArrayOutputStream;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** A table of lies that a header can tell, and what the reader says to each. */
class SafetensorsLiesTest {
    private static byte[] file(long length, byte[] header, int dataBytes) {
        return ByteBuffer.allocate(8 + header.length + dataBytes)
                .order(ByteOrder.LITTLE_ENDIAN)
                .putLong(length)
                .put(header)
                .array();
    }

    private static byte[] file(String header, int dataBytes) {
        byte[] bytes = header.getBytes(StandardCharsets.UTF_8);
        return file(bytes.length, bytes, dataBytes);
    }

    /** One tensor t with this body. */
    private static byte[] tensor(String body, int dataBytes) {
        return file("{\"t\":{" + body + "}}", dataBytes);
    }

    private static byte[] f32(String shape, String offsets, int dataBytes) {
        return tensor("\"dtype\":\"F32\",\"shape\":" + shape + ",\"data_offsets\":" + offsets, dataBytes);
    }

    private static String u8(String name, long begin, long end) {
        return "\"" + name + "\":{\"dtype\":\"U8\",\"shape\":[" + (end - begin) + "],\"data_offsets\":[" + begin + ","
                + end + "]}";
    }

    static Stream<Arguments> lies() {
        return Stream.of(
                lie("cut in the length", new byte[7], "it has 7 bytes"),
                lie(
                        "length beyond the file",
                        file(3, "{}".getBytes(StandardCharsets.UTF_8), 0),
                        "claims 3 bytes, and the file has 2"),
                lie(
                        "length over the limit",
                        file(100_000_001, new byte[2], 0),
                        "claims 100000001 bytes, over the format's limit"),
                lie("length that is negative as a long", file(-1, new byte[2], 0), "claims 18446744073709551615 bytes"),
                lie("length 0", file(0, new byte[0], 0), "does not begin with '{'"),
                lie("begins with a space", file(" {}", 0), "does not begin with '{'"),
                lie("begins with a byte order mark", file("\ufeff{}", 0), "does not begin with '{'"),
                lie("UTF-16", file(4, new byte[] {'{', 0, '}', 0}, 0), "not valid JSON"),
                lie("not UTF-8", file(6, new byte[] {'{', '"', (byte) 0xff, '"', ':', '1'}, 0), "is not UTF-8"),
                lie(
                        "overlong UTF-8",
                        file(6, new byte[] {'{', '"', (byte) 0xc0, (byte) 0xaf, '"', ':'}, 0),
                        "is not UTF-8"),
                lie("half a surrogate pair", file("{\"\\ud800\":{}}", 0), "surrogate"),
                lie("half a surrogate pair in a text", file("{\"__metadata__\":{\"k\":\"\\udc00\"}}", 0), "surrogate"),
                lie("half a surrogate pair at the end", file("{\"__metadata__\":{\"k\":\"\\ud83d\"}}", 0), "surrogate"),
                lie("not closed", file("{", 1), "does not begin with '{'"),
                lie("not closed inside", file("{\"a\":{", 0), "not valid JSON"),
                lie("something after the brace", file("{} {}", 0), "something follows"),
                lie("garbage after the brace", file("{}x", 0), "not valid JSON"),
                lie("comment", file("{/**/}", 0), "not valid JSON"),
                lie("trailing comma", file("{" + u8("a", 0, 1) + ",}", 1), "not valid JSON"),
                lie("deep", file("{\"a\":{\"shape\":[[[[[[1]]]]]]}}", 0), "nesting depth"),
                lie("tensor is a list", file("{\"a\":[\"U8\",[1],[0,1]]}", 1), "should be an object and is a list"),
                lie(
                        "name twice",
                        file("{" + u8("a", 0, 1) + "," + u8("a", 1, 2) + "}", 2),
                        "tensor 'a' stands there twice"),
                lie(
                        "name twice, once escaped",
                        file("{" + u8("a", 0, 1) + "," + u8("\\u0061", 1, 2) + "}", 2),
                        "tensor 'a' stands there twice"),
                lie("name too long", file("{" + u8("a".repeat(5000), 0, 1) + "}", 1), "not valid JSON"),
                lie(
                        "metadata twice",
                        file("{\"__metadata__\":{},\"__metadata__\":{}}", 0),
                        "__metadata__ stands there twice"),
                lie("metadata key twice", file("{\"__metadata__\":{\"k\":\"1\",\"k\":\"1\"}}", 0), "has 'k' twice"),
                lie(
                        "metadata that is no text",
                        file("{\"__metadata__\":{\"k\":1}}", 0),
                        "should be a string and is an integer"),
                lie("metadata null", file("{\"__metadata__\":null}", 0), "should be an object and is null"),
                lie(
                        "unknown dtype",
                        tensor("\"dtype\":\"F33\",\"shape\":[1],\"data_offsets\":[0,4]", 4),
                        "unknown dtype 'F33'"),
                lie(
                        "dtype in lower case",
                        tensor("\"dtype\":\"f32\",\"shape\":[1],\"data_offsets\":[0,4]", 4),
                        "unknown dtype 'f32'"),
                lie(
                        "dtype that breaks a terminal",
                        tensor("\"dtype\":\"\\u001b[2J\",\"shape\":[]", 0),
                        "unknown dtype '\\u001b[2J'"),
                lie(
                        "unknown field",
                        tensor("\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4],\"code\":\"x\"", 4),
                        "unknown field 'code'"),
                lie(
                        "field twice",
                        tensor("\"dtype\":\"F32\",\"shape\":[2],\"shape\":[1],\"data_offsets\":[0,4]", 4),
                        "has shape twice"),
                lie("no dtype", tensor("\"shape\":[1],\"data_offsets\":[0,4]", 4), "lacks one of"),
                lie("no shape", tensor("\"dtype\":\"F32\",\"data_offsets\":[0,4]", 4), "lacks one of"),
                lie("no offsets", tensor("\"dtype\":\"F32\",\"shape\":[1]", 4), "lacks one of"),
                lie("one offset", f32("[1]", "[0]", 4), "lacks one of"),
                lie("three offsets", f32("[1]", "[0,4,8]", 4), "more than 2 numbers"),
                lie("negative dimension", f32("[-1]", "[0,4]", 4), "holds -1"),
                lie("two negative dimensions", f32("[-1,-1]", "[0,4]", 4), "holds -1"),
                lie("minus zero", f32("[-0]", "[0,0]", 0), "which is not between"),
                lie("fraction", f32("[1.0]", "[0,4]", 4), "should be an integer and is a fraction"),
                lie("exponent", f32("[1e0]", "[0,4]", 4), "should be an integer and is a fraction"),
                lie("dimension beyond a long", f32("[9223372036854775808]", "[0,4]", 4), "which is not between"),
                lie("dimension of 40 digits", f32("[" + "9".repeat(40) + "]", "[0,4]", 4), "not valid JSON"),
                lie("elements overflow", f32("[4611686018427387904,4]", "[0,0]", 0), "cannot be counted"),
                lie(
                        "elements overflow to the right size",
                        f32("[4294967296,4294967296,1]", "[0,0]", 0),
                        "cannot be counted"),
                lie("bytes overflow", f32("[4611686018427387904]", "[0,0]", 0), "cannot be counted"),
                lie(
                        "overflow beside an empty dimension",
                        f32("[0,4611686018427387904,4]", "[0,0]", 0),
                        "cannot be counted"),
                lie("too many dimensions", f32("[" + "1,".repeat(64) + "1]", "[0,4]", 4), "more than 64 numbers"),
                lie("end before begin", f32("[1]", "[4,0]", 4), "needs 4 bytes"),
                lie("offsets too near", f32("[2]", "[0,4]", 4), "needs 8 bytes for F32[2]"),
                lie("offsets too far", f32("[1]", "[0,8]", 8), "needs 4 bytes for F32[1]"),
                lie(
                        "offsets whose difference overflows",
                        f32("[1]", "[9223372036854775807,-9223372036854775805]", 4),
                        "holds -9223372036854775805"),
                lie("beyond the file", f32("[2]", "[0,8]", 4), "take 8 bytes, and 4 follow"),
                lie("trailing bytes", f32("[1]", "[0,4]", 5), "take 4 bytes, and 5 follow"),
                lie("trailing bytes without tensors", file("{}", 1), "take 0 bytes, and 1 follow"),
                lie("hole at the start", f32("[1]", "[4,8]", 8), "a hole"),
                lie("hole between", file("{" + u8("a", 0, 2) + "," + u8("b", 3, 4) + "}", 4), "a hole"),
                lie("overlap", file("{" + u8("a", 0, 3) + "," + u8("b", 2, 4) + "}", 4), "they overlap"),
                lie("one inside another", file("{" + u8("a", 0, 4) + "," + u8("b", 1, 2) + "}", 4), "they overlap"),
                lie("same bytes", file("{" + u8("a", 0, 4) + "," + u8("b", 0, 4) + "}", 4), "share the same"),
                lie(
                        "empty tensors at one place",
                        file("{" + u8("a", 0, 0) + "," + u8("b", 0, 0) + "}", 0),
                        "share the same"),
                lie(
                        "empty tensor beyond the data",
                        file("{" + u8("a", 0, 4) + "," + u8("b", 9, 9) + "}", 4),
                        "a hole"));
    }

    private static Arguments lie(String what, byte[] file, String said) {
        return Arguments.of(what, file, said);
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("lies")
    void aLieIsRefusedInAFewLinesThatNameTheFile(String what, byte[] file, String said) {
        Throwable thrown =
                catchThrowable(() -> SafetensorsHeader.parse("dir/model.safetensors", MemorySegment.ofArray(file)));
        assertThat(thrown).isInstanceOf(UserError.class).hasMessageContaining(said);
        String message = String.valueOf(thrown.getMessage());
        assertThat(message).startsWith("dir/model.safetensors is not a sound safetensors file: ");
        assertThat(message.lines().count()).isLessThanOrEqualTo(3);
    }

    @Test
    void whatIsUnusualButTrueIsRead() {
        for (byte[] file : new byte[][] {
            file("{}", 0),
            file("{\"__metadata__\":{}} \n\t", 0),
            file("{" + u8("a", 2, 4) + "," + u8("b", 0, 2) + "}", 4),
            file("{" + u8("b", 4, 4) + "," + u8("a", 0, 4) + "," + u8("c", 0, 0) + "}", 4),
            f32("[" + "1,".repeat(63) + "1]", "[0,4]", 4),
        }) {
            assertThat(SafetensorsHeader.parse("x", MemorySegment.ofArray(file)))
                    .isNotNull();
        }
    }

    @Test
    void moreThanAMillionTensorsAreRefused() {
        ByteArrayOutputStream header = new ByteArrayOutputStream();
        header.write('{');
        for (int i = 0; i <= SafetensorsHeader.MAX_TENSORS; i++) {
            header.writeBytes(
                    ((i == 0 ? "" : ",") + u8(Integer.toString(i, 36), 0, 0)).getBytes(StandardCharsets.UTF_8));
        }
        header.write('}');
        byte[] file = file(header.size(), header.toByteArray(), 0);
        assertThat(catchThrowable(() -> SafetensorsHeader.parse("x", MemorySegment.ofArray(file))))
                .isInstanceOf(UserError.class)
                .hasMessageContaining("more than 1000000 tensors");
    }
}
