<?php

declare(strict_types=1);

namespace GoGatewayWorker\Tests;

use GatewayWorker\Gateway;
use GoGatewayWorker\GatewayPlan;
use GoGatewayWorker\SslContext;
use PHPUnit\Framework\TestCase;

final class SslContextTest extends TestCase
{
    public static function contexts(): iterable
    {
        $cert = ['local_cert' => '/a/cert.pem'];
        yield 'a certificate with its key' => [$cert, ['ssl-cert' => '/a/cert.pem'], ''];
        yield 'what the manual says' => [$cert + ['local_pk' => '/a/key.pem', 'verify_peer' => false, 'allow_self_signed' => true], ['ssl-cert' => '/a/cert.pem', 'ssl-key' => '/a/key.pem'], ''];
        yield 'client certificates' => [$cert + ['verify_peer' => true, 'cafile' => '/a/ca.pem'], ['ssl-cert' => '/a/cert.pem', 'ssl-client-ca' => '/a/ca.pem'], ''];
        yield 'an authority for nothing' => [$cert + ['cafile' => '/a/ca.pem'], ['ssl-cert' => '/a/cert.pem'], ''];
        yield 'no effect on a server' => [$cert + ['disable_compression' => true, 'verify_peer_name' => false], ['ssl-cert' => '/a/cert.pem'], ''];
        yield 'nothing' => [[], null, 'ssl.local_cert is missing'];
        yield 'verify_peer alone' => [$cert + ['verify_peer' => true], null, 'ssl.verify_peer is on without ssl.cafile'];
        yield 'self signed clients' => [$cert + ['verify_peer' => true, 'cafile' => 'x', 'allow_self_signed' => true], null, 'ssl.allow_self_signed is set together'];
        yield 'capath' => [$cert + ['verify_peer' => true, 'cafile' => 'x', 'capath' => '/a'], null, 'ssl.capath is set together'];
        yield 'passphrase' => [$cert + ['passphrase' => 'secret'], null, 'ssl.passphrase is set'];
        yield 'no passphrase' => [$cert + ['passphrase' => ''], ['ssl-cert' => '/a/cert.pem'], ''];
        foreach (['ciphers', 'crypto_method', 'SNI_server_certs', 'security_level', 'alpn_protocols', 'peer_fingerprint', 'not_yet_invented'] as $name) {
            yield $name => [$cert + [$name => 'x'], null, "ssl.$name is set"];
        }
    }

    /** @dataProvider contexts */
    public function testContexts(array $options, ?array $flags, string $reason): void
    {
        $ssl = new SslContext($options);
        if ($flags === null) {
            self::assertStringContainsString($reason, implode('; ', $ssl->reasons()));
            return;
        }
        self::assertSame([], $ssl->reasons());
        self::assertSame($flags, $ssl->flags());
    }

    public function testAGatewayWithTls(): void
    {
        $context = ['ssl' => ['local_cert' => '/a/cert.pem']];
        $g = new Gateway('websocket://0.0.0.0:8282', $context);
        $g->transport = 'ssl';
        $arguments = (new GatewayPlan($g, $context))->arguments();
        self::assertContains('--transport=ssl', $arguments);
        self::assertContains('--ssl-cert=/a/cert.pem', $arguments);
    }
}
