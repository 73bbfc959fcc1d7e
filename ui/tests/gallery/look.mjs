// What is looked at in each state.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

const RULES = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];
const WINDOW = { width: 1100, height: 760 };
const SMALL = { width: 800, height: 560 };
/** What is left of the window at 200 %, and of a screen of 1280 x 1024 at 400 %. */
const ZOOMED = { 'zoom-200': { width: 550, height: 380 }, 'zoom-400': { width: 320, height: 256 } };

export function looker({ root, results, problems, longWords }) {
  const axe = readFileSync(join(root, 'node_modules/axe-core/axe.min.js'), 'utf8');
  let shots = 0;
  let states = 0;

  async function axeRun(page, name) {
    const found = await page.evaluate(`${axe}; axe.run(document, { runOnly: ${JSON.stringify(RULES)} })`);
    for (const one of found.violations) {
      const where = one.nodes.map((node) => node.target.join(' ')).join(', ');
      problems.push(`${name}: axe ${one.id}: ${where}`);
    }
  }
  async function shoot(page, name) {
    await page.screenshot({ path: join(results, `${name}.png`), caret: 'initial' });
    shots += 1;
  }
  async function fits(page, name) {
    const wide = await page.evaluate(() => {
      const over = document.documentElement.scrollWidth - document.documentElement.clientWidth;
      if (over > 0) {
        const right = document.documentElement.clientWidth;
        const beyond = [...document.querySelectorAll('main *, header *, nav *')].filter(
          (one) => one.getBoundingClientRect().right > right + 1,
        );
        return `${over} px, ${beyond
          .slice(0, 3)
          .map((one) => `${one.tagName}.${one.className?.baseVal ?? one.className}`)
          .join(' ')}`;
      }
      // Content that is cut off because its pane does not scroll sideways is as bad.
      const cut = [...document.querySelectorAll('.content, .actions, .session')].find(
        (one) => one.scrollWidth > one.clientWidth + 1,
      );
      if (!cut) return '';
      const edge = cut.getBoundingClientRect().right;
      const beyond = [...cut.querySelectorAll('*')].filter((one) => one.getBoundingClientRect().right > edge + 1);
      return `${cut.className} is cut by ${cut.scrollWidth - cut.clientWidth} px: ${beyond
        .slice(0, 3)
        .map((one) => `${one.tagName}.${one.className?.baseVal ?? one.className}`)
        .join(' ')}`;
    });
    if (wide) problems.push(`${name}: too wide: ${wide}`);
  }

  async function look(page, name) {
    states += 1;
    // Nothing is pictured under the pointer.
    await page.mouse.move(1, 1);
    const styles = await page.evaluate("document.querySelectorAll('[style]').length");
    if (styles > 0) problems.push(`${name}: ${styles} style attributes`);
    if (longWords) {
      for (const [size, viewport] of Object.entries({ window: WINDOW, small: SMALL, ...ZOOMED })) {
        await page.setViewportSize(viewport);
        await fits(page, `${name} long words ${size}`);
        if (size === 'window') await shoot(page, `${name}-long-words`);
      }
      await page.setViewportSize(WINDOW);
      return;
    }
    for (const colorScheme of ['light', 'dark']) {
      await page.emulateMedia({ colorScheme });
      await axeRun(page, `${name} ${colorScheme}`);
      await shoot(page, `${name}-${colorScheme}`);
    }
    await fits(page, name);
    await page.emulateMedia({ colorScheme: 'light' });
    await page.setViewportSize(SMALL);
    await axeRun(page, `${name} small`);
    await fits(page, `${name} small`);
    await shoot(page, `${name}-800`);
    await page.setViewportSize(WINDOW);
    await page.emulateMedia({ forcedColors: 'active' });
    await axeRun(page, `${name} forced colours`);
    await shoot(page, `${name}-forced-colours`);
    await page.emulateMedia({ forcedColors: 'none' });
    for (const [zoom, viewport] of Object.entries(ZOOMED)) {
      await page.setViewportSize(viewport);
      await fits(page, `${name} ${zoom}`);
      if (zoom === 'zoom-200') await axeRun(page, `${name} ${zoom}`);
    }
    await page.setViewportSize(WINDOW);
  }
  look.shots = () => shots;
  look.states = () => states;
  look.longWords = longWords;
  return look;
}
